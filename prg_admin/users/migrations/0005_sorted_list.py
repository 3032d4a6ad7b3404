# The list's first page is read in order instead of being sorted out of all users.

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0004_imports'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='presenceuser',
            index=models.Index(django.db.models.functions.text.Lower('userid'), models.F('id'), name='presence_user_sorted'),
        ),
    ]
