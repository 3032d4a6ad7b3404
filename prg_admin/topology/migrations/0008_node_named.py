from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('topology', '0007_node_size'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='node',
            index=models.Index(fields=['name'], name='node_named'),
        ),
    ]
