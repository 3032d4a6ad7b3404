"""Values of service and enterprise parameters that differ from what the catalogue suggests."""

from __future__ import annotations

from django.db import models

from prg_admin.topology.models import Cluster, Node


class ParameterValue(models.Model):
    """One set value. No row means the suggested value of ``domain.catalogue`` holds."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="parameters")
    node = models.ForeignKey(Node, on_delete=models.CASCADE, null=True, related_name="parameters")
    """Null for a clusterwide or enterprise parameter."""
    service = models.CharField(max_length=64)
    name = models.CharField(max_length=64)
    value = models.CharField(max_length=255)

    class Meta:
        ordering = ("cluster", "service", "name", "node")
        constraints = (
            models.UniqueConstraint(
                fields=("cluster", "node", "service", "name"),
                name="parameter_value_unique",
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return f"{self.service}: {self.name}"
