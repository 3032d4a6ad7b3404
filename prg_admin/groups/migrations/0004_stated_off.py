from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("groups", "0003_group_name_found"),
    ]

    operations = [
        migrations.AddField(
            model_name="member",
            name="stated_off_at",
            field=models.DateTimeField(null=True),
        ),
    ]
