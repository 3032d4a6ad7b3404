from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("topology", "0004_orders_under_way"),
    ]

    operations = [
        migrations.AddField(
            "nodereport",
            "tag",
            models.CharField(blank=True, default="", max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            "nodereport",
            "ticks",
            models.CharField(blank=True, default="", max_length=128),
            preserve_default=False,
        ),
        migrations.AddField("nodereport", "seq", models.PositiveBigIntegerField(default=0)),
    ]
