# What the code promises of presence users, held by the database.

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('topology', '0006_link_measures'),
        ('users', '0002_names_and_licences'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='presenceuser',
            name='presence_user_unique',
        ),
        migrations.AlterField(
            model_name='presenceuser',
            name='cluster',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='presence_users', to='topology.cluster'),
        ),
        migrations.AlterField(
            model_name='presenceuser',
            name='home',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='presence_users', to='topology.node'),
        ),
        # One foreign key of both columns: a home is in the user's own cluster, and a node with
        # users does not change its cluster.
        migrations.RunSQL(
            sql=[
                "ALTER TABLE topology_node ADD CONSTRAINT node_of_cluster UNIQUE (id, cluster_id)",
                "ALTER TABLE users_presenceuser ADD CONSTRAINT presence_user_home_in_cluster"
                " FOREIGN KEY (home_id, cluster_id) REFERENCES topology_node (id, cluster_id)",
            ],
            reverse_sql=[
                "ALTER TABLE users_presenceuser DROP CONSTRAINT presence_user_home_in_cluster",
                "ALTER TABLE topology_node DROP CONSTRAINT node_of_cluster",
            ],
        ),
        migrations.AddIndex(
            model_name='presenceuser',
            index=models.Index(condition=models.Q(('home__isnull', True)), fields=['cluster'], name='presence_user_unassigned'),
        ),
        migrations.AddIndex(
            model_name='presenceuser',
            index=models.Index(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('userid'), name='text_pattern_ops'), name='presence_user_found'),
        ),
        migrations.AddConstraint(
            model_name='presenceuser',
            constraint=models.UniqueConstraint(models.F('cluster'), django.db.models.functions.text.Lower('userid'), name='presence_user_unique'),
        ),
        migrations.AddConstraint(
            model_name='presenceuser',
            constraint=models.CheckConstraint(condition=models.Q(('home__isnull', True), ('is_licensed', True), _connector='OR'), name='presence_user_home_licensed'),
        ),
    ]
