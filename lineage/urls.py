"""Addresses of lineage and the map."""

from django.urls import URLPattern, URLResolver, path

from lineage import api, views
from lineage.mesh import api as map_api
from lineage.mesh import views as map_views

app_name = "lineage"
urlpatterns: list[URLPattern | URLResolver] = [
    path("lineage/", views.lineage, name="lineage"),
    path("lineage/export.svg", views.export_svg, name="export-svg"),
    path("lineage/export.json", views.export_json, name="export-json"),
    path("lineage/export.csv", views.export_csv, name="export-csv"),
    path("map/", map_views.mesh_map, name="map"),
    path("map/tile/", map_views.map_tile, name="map-tile"),
    path("map/find/", map_views.map_find, name="map-find"),
    path("map/export.svg", map_views.export_map_svg, name="map-svg"),
    path("map/export.json", map_views.export_map_json, name="map-json"),
    path("map/export.csv", map_views.export_map_csv, name="map-csv"),
    path("products/<str:domain>/<str:slug>/lineage/", views.product_lineage, name="product"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("lineage/map/", map_api.LineageMapView.as_view(), name="lineage-map"),
    path("lineage/graph/", api.LineageGraphView.as_view(), name="lineage-graph"),
    path(
        "products/<str:domain>/<str:slug>/lineage/", api.ProductLineageView.as_view(), name="product-lineage"
    ),
]
