"""Addresses of impact, root causes and proposed classifications; mounted by `lineage.urls`."""

from django.urls import URLPattern, URLResolver, path

from lineage.impact import api, proposal_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("lineage/impact/", views.impact, name="impact"),
    path("lineage/proposals/", proposal_views.proposals, name="proposals"),
    path("lineage/proposals/<int:pk>/", proposal_views.decide, name="proposal"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("lineage/impact/", api.ImpactView.as_view(), name="lineage-impact"),
    path("lineage/upstream/", api.UpstreamView.as_view(), name="lineage-upstream"),
    path("incidents/<int:pk>/causes/", api.IncidentCausesView.as_view(), name="incident-causes"),
]
