"""Addresses of crawling."""

from django.urls import URLPattern, URLResolver, path

from catalog.crawling import api, views

app_name = "crawling"
urlpatterns: list[URLPattern | URLResolver] = [
    path("crawling/", views.index, name="index"),
    path("crawling/sources/", views.sources, name="sources"),
    path("crawling/sources/<slug:slug>/crawl/", views.crawl_connection, name="crawl_connection"),
    path("crawling/<int:pk>/", views.detail, name="detail"),
    path("crawling/<int:pk>/retry/", views.retry, name="retry"),
    path("crawling/<int:pk>/cancel/", views.cancel, name="cancel"),
    path("products/<str:domain>/<str:slug>/crawl/", views.crawl_product, name="crawl_product"),
    path(
        "products/<str:domain>/<str:slug>/ports/<str:name>/<str:version>/crawl/",
        views.crawl_port,
        name="crawl_port",
    ),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("crawls/", api.RunList.as_view(), name="crawl-list"),
    path("crawls/<int:pk>/", api.RunItem.as_view(), name="crawl-detail"),
    path("products/<str:domain>/<str:slug>/crawls/", api.ProductRuns.as_view(), name="product-crawls"),
    path(
        "products/<str:domain>/<str:slug>/ports/<str:name>/<str:version>/crawl/",
        api.PortCrawl.as_view(),
        name="port-crawl",
    ),
]
