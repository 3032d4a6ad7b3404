import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('groups', '0002_recovery_complete'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='presenceredundancygroup',
            index=models.Index(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), name='text_pattern_ops'), name='group_name_found'),
        ),
    ]
