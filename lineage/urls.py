"""Addresses of lineage and the map."""

from django.urls import URLPattern, URLResolver, path

from lineage import api, views
from lineage.datasets import dataset_views as dataset_page_views
from lineage.datasets import views as dataset_views
from lineage.dbt import api as dbt_api
from lineage.dbt import views as dbt_views
from lineage.edges import api as edge_api
from lineage.edges import views as edge_views
from lineage.impact import urls as impact_urls
from lineage.mesh import api as map_api
from lineage.mesh import views as map_views
from lineage.openlineage import views as event_views
from lineage.sql import views as sql_views

app_name = "lineage"
urlpatterns: list[URLPattern | URLResolver] = [
    *impact_urls.urlpatterns,
    path("lineage/", views.lineage, name="lineage"),
    path("lineage/export.svg", views.export_svg, name="export-svg"),
    path("lineage/export.json", views.export_json, name="export-json"),
    path("lineage/export.csv", views.export_csv, name="export-csv"),
    path("lineage/export.mmd", views.export_mermaid, name="export-mermaid"),
    path("lineage/changes/", edge_views.changes, name="changes"),
    path("lineage/changes.json", edge_views.changes_json, name="changes-json"),
    path("lineage/changes.csv", edge_views.changes_csv, name="changes-csv"),
    path("lineage/edges/", edge_views.index, name="edges"),
    path("lineage/edges/clean/", edge_views.clean, name="edges-clean"),
    path("lineage/edges/<int:pk>/", edge_views.edit, name="edge"),
    path("lineage/edges/<int:pk>/end/", edge_views.end, name="edge-end"),
    path("lineage/events/", event_views.events, name="events"),
    path("lineage/events/<int:pk>/", event_views.event, name="event"),
    path("lineage/events/<int:pk>/again/", event_views.project_again, name="event-again"),
    path("lineage/imports/", dbt_views.imports, name="dbt-imports"),
    path("lineage/imports/<int:pk>/", dbt_views.import_detail, name="dbt-import"),
    path("lineage/dbt/<int:pk>/", dbt_views.project, name="dbt-project"),
    path("lineage/sql/", sql_views.index, name="sql"),
    path("lineage/sql/<slug:slug>/again/", sql_views.read_again, name="sql-again"),
    path("lineage/query/", sql_views.query, name="sql-query"),
    path("lineage/jobs/", dataset_views.jobs, name="jobs"),
    path("lineage/jobs/<int:pk>/", dataset_views.job, name="job"),
    path("lineage/datasets/", dataset_views.datasets, name="datasets"),
    path("lineage/datasets/<int:pk>/", dataset_page_views.dataset, name="dataset"),
    path("lineage/datasets/<int:pk>/senders/", dataset_page_views.reject, name="dataset-reject"),
    path(
        "lineage/datasets/<int:pk>/senders/<int:rejection>/",
        dataset_page_views.believe,
        name="dataset-believe",
    ),
    path("lineage/datasets/names/", dataset_views.bind, name="dataset-bind"),
    path("lineage/datasets/names/<int:pk>/", dataset_views.unbind, name="dataset-unbind"),
    path("lineage/datasets/merges/<int:pk>/", dataset_views.decide, name="dataset-merge"),
    path("map/", map_views.mesh_map, name="map"),
    path("map/tile/", map_views.map_tile, name="map-tile"),
    path("map/find/", map_views.map_find, name="map-find"),
    path("map/export.svg", map_views.export_map_svg, name="map-svg"),
    path("map/export.json", map_views.export_map_json, name="map-json"),
    path("map/export.csv", map_views.export_map_csv, name="map-csv"),
    path("products/<str:domain>/<str:slug>/lineage/", views.product_lineage, name="product"),
    path("products/<str:domain>/<str:slug>/lineage/new/", edge_views.create, name="edge-create"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    *impact_urls.api_urlpatterns,
    path("lineage/map/", map_api.LineageMapView.as_view(), name="lineage-map"),
    path("lineage/edges/", edge_api.EdgeList.as_view(), name="lineage-edge-list"),
    path("lineage/edges/<int:pk>/", edge_api.EdgeDetail.as_view(), name="lineage-edge-detail"),
    path("lineage/changes/", edge_api.LineageChanges.as_view(), name="lineage-changes"),
    path("lineage/dbt/", dbt_api.DbtImportList.as_view(), name="dbt-import-list"),
    path("lineage/dbt/<int:pk>/", dbt_api.DbtImportDetail.as_view(), name="dbt-import-detail"),
    path("lineage/graph/", api.LineageGraphView.as_view(), name="lineage-graph"),
    path(
        "products/<str:domain>/<str:slug>/lineage/", api.ProductLineageView.as_view(), name="product-lineage"
    ),
]
