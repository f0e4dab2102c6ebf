"""The reading side of the API that lineage clients know from Marquez: the same addresses and shapes, our permissions.

Source of addresses and shapes: the OpenAPI document of Marquez. What it has and the portal has not (versions of
datasets, sources, tags, writing) is left out.
"""
