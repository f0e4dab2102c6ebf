"""Addresses of certifications: the list, those of a product, and the API."""

from django.urls import URLPattern, URLResolver, path

from catalog.trust import api, views

app_name = "trust"
urlpatterns: list[URLPattern | URLResolver] = [
    path("trust/certifications/", views.certifications, name="certifications"),
    path("trust/certifications/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("products/<str:domain>/<str:slug>/certification/", views.certification, name="certification"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("trust/certifications/", api.CertificationList.as_view(), name="certification-list"),
    path(
        "trust/certifications/<int:pk>/withdrawal/",
        api.CertificationWithdrawal.as_view(),
        name="certification-withdrawal",
    ),
    path(
        "products/<str:domain>/<str:slug>/certifications/",
        api.ProductCertifications.as_view(),
        name="product-certifications",
    ),
]
