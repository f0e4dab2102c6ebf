"""Addresses of vocabulary."""

from django.urls import URLPattern, URLResolver, path

from catalog.vocabulary import api, views

app_name = "vocabulary"
urlpatterns: list[URLPattern | URLResolver] = [
    path("tags/", views.tag_list, name="tags"),
    path("tags/<str:slug>/", views.edit_tag, name="tag"),
    path("tags/<str:slug>/delete/", views.delete_tag, name="tag_delete"),
    path("classifications/", views.classification_list, name="classifications"),
    path("classifications/new/", views.new_classification, name="classification_new"),
    path("classifications/<str:slug>/", views.edit_classification, name="classification"),
    path("classifications/<str:slug>/delete/", views.delete_classification, name="classification_delete"),
    path("purposes/", views.purpose_list, name="purposes"),
    path("purposes/new/", views.new_purpose, name="purpose_new"),
    path("purposes/<str:slug>/", views.edit_purpose, name="purpose"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("tags/", api.TagList.as_view(), name="tag-list"),
    path("tags/<str:slug>/", api.TagDetail.as_view(), name="tag-detail"),
    path("classifications/", api.ClassificationList.as_view(), name="classification-list"),
    path("classifications/<str:slug>/", api.ClassificationDetail.as_view(), name="classification-detail"),
    path("purposes/", api.PurposeList.as_view(), name="purpose-list"),
    path("purposes/<str:slug>/", api.PurposeDetail.as_view(), name="purpose-detail"),
]
