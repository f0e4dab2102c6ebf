"""Addresses of the glossary, and of the terms of a product."""

from django.urls import URLPattern, URLResolver, path

from catalog.glossary import api, editing, views

app_name = "glossary"
PRODUCT, TERM = "products/<str:domain>/<str:slug>/terms", "glossary/<str:slug>"
urlpatterns: list[URLPattern | URLResolver] = [
    path("glossary/", views.term_list, name="list"),
    path("glossary/new/", editing.new_term, name="new"),
    path("glossary/import/", editing.import_file, name="import"),
    path(f"{TERM}/", views.term, name="term"),
    path(f"{TERM}/edit/", editing.edit_term, name="edit"),
    path(f"{TERM}/delete/", editing.delete_term, name="delete"),
    path(f"{TERM}/history/", views.history, name="history"),
    path(f"{TERM}/restore/", editing.restore_term, name="restore"),
    path(f"{PRODUCT}/", views.of_product, name="product"),
    path(f"{PRODUCT}/link/", editing.link, name="link"),
    path(f"{PRODUCT}/unlink/", editing.unlink, name="unlink"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("glossary/", api.TermList.as_view(), name="term-list"),
    path(f"{TERM}/", api.TermDetail.as_view(), name="term-detail"),
    path(f"{TERM}/links/", api.TermLinks.as_view(), name="term-links"),
    path(f"{PRODUCT}/", api.ProductTerms.as_view(), name="product-terms"),
    path(f"{PRODUCT}/<int:pk>/", api.ProductTerm.as_view(), name="product-term"),
]
