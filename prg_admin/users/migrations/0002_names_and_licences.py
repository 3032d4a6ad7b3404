# Names and licences of presence users: fields that running code need not know.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='presenceuser',
            name='display_name',
            field=models.CharField(blank=True, max_length=128),
        ),
        migrations.AddField(
            model_name='presenceuser',
            name='is_licensed',
            field=models.BooleanField(default=True),
        ),
    ]
