# Where users come from, whom the Sync Agent could not assign, and the directory of a cluster.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0001_jobs'),
        ('topology', '0008_node_named'),
        ('users', '0005_sorted_list'),
    ]

    operations = [
        migrations.AddField(
            model_name='importline',
            name='is_usable',
            field=models.BooleanField(db_default=True),
        ),
        migrations.AddField(
            model_name='presenceuser',
            name='queue_reason',
            field=models.CharField(blank=True, choices=[('failed-over', 'A node of the cluster is failed over'), ('no-room', 'There is no room on any node'), ('no-group', 'No node is in a presence redundancy group')], db_default='', max_length=16),
        ),
        migrations.AddField(
            model_name='presenceuser',
            name='queued_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name='Directory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('server', models.CharField(max_length=255)),
                ('bind_dn', models.CharField(blank=True, max_length=255)),
                ('sealed_password', models.TextField(blank=True)),
                ('base', models.CharField(max_length=255)),
                ('filter', models.CharField(max_length=1000)),
                ('userid_attribute', models.CharField(max_length=64)),
                ('name_attribute', models.CharField(blank=True, max_length=64)),
                ('licence_attribute', models.CharField(blank=True, max_length=64)),
                ('page_size', models.PositiveIntegerField()),
                ('minutes', models.PositiveIntegerField()),
                ('most_removed', models.PositiveSmallIntegerField()),
                ('is_enabled', models.BooleanField()),
                ('revision', models.PositiveIntegerField(default=1)),
                ('due_at', models.DateTimeField(null=True)),
                ('result', models.JSONField(default=dict)),
                ('result_at', models.DateTimeField(null=True)),
                ('cluster', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='directory', to='topology.cluster')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='jobs.job')),
            ],
            options={
                'verbose_name': 'LDAP directory',
                'verbose_name_plural': 'LDAP directories',
                'ordering': ('cluster',),
            },
        ),
        migrations.AddField(
            model_name='presenceuser',
            name='directory',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='presence_users', to='users.directory'),
        ),
        migrations.AddField(
            model_name='userimport',
            name='directory',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='imports', to='users.directory'),
        ),
        migrations.AddIndex(
            model_name='presenceuser',
            index=models.Index(condition=models.Q(('queued_at__isnull', False)), fields=['cluster'], name='presence_user_queued'),
        ),
        migrations.AddIndex(
            model_name='presenceuser',
            index=models.Index(condition=models.Q(('directory__isnull', False)), fields=['directory'], name='presence_user_of_directory'),
        ),
        migrations.AddConstraint(
            model_name='presenceuser',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('queue_reason', ''), ('queued_at__isnull', True)), models.Q(('home__isnull', True), ('is_licensed', True), ('queue_reason__in', ['failed-over', 'no-room', 'no-group']), ('queued_at__isnull', False)), _connector='OR'), name='presence_user_queued_unassigned'),
        ),
        migrations.AddIndex(
            model_name='directory',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='directory_due'),
        ),
        migrations.AddConstraint(
            model_name='directory',
            constraint=models.CheckConstraint(condition=models.Q(('is_enabled', True), ('due_at__isnull', True), _connector='XOR'), name='directory_due_or_not'),
        ),
    ]
