from django.db import migrations

# A sweep writes one moment and a few numbers per node. Where no index holds what is written and
# the page has room, PostgreSQL writes the new row beside the old one and touches no index at all;
# and a document kept out of line is not copied each time.
LEAN = """
alter table topology_node set (fillfactor = 50);
alter table topology_nodereport set (fillfactor = 50, toast_tuple_target = 128);
alter table topology_nodereport alter column document set storage external;
"""
USUAL = """
alter table topology_nodereport alter column document set storage extended;
alter table topology_nodereport reset (fillfactor, toast_tuple_target);
alter table topology_node reset (fillfactor);
"""


class Migration(migrations.Migration):
    dependencies = [("topology", "0008_node_named")]

    operations = [
        migrations.RemoveIndex(model_name="node", name="node_due"),
        migrations.RunSQL(LEAN, USUAL),
    ]
