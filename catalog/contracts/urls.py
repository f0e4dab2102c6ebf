"""Addresses of contracts: a tab of a product, the import page, and the API."""

from django.urls import URLPattern, URLResolver, path

from catalog.contracts import (
    api,
    change_views,
    document_api,
    proposal_api,
    template_api,
    template_views,
    views,
)

app_name = "contracts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("products/<str:domain>/<str:slug>/contract/", views.contract, name="contract"),
    path("products/<str:domain>/<str:slug>/contract/original/", views.original, name="original"),
    path("contracts/import/", views.import_page, name="import"),
    path("contracts/check/", change_views.propose, name="check"),
    path("contracts/templates/", template_views.index, name="templates"),
    path("contracts/templates/new/", template_views.create, name="template_new"),
    path("contracts/templates/<slug:slug>/", template_views.edit, name="template"),
    path("contracts/templates/<slug:slug>/remove/", template_views.remove, name="template_remove"),
    path("contracts/proposals/<int:pk>/", change_views.proposal, name="proposal"),
    path("products/<str:domain>/<str:slug>/contract/difference/", change_views.compare, name="difference"),
    path("products/<str:domain>/<str:slug>/contract/draft/", change_views.draft, name="draft"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "contracts/<path:key>/versions/<str:version>/document/",
        document_api.ContractDocument.as_view(),
        name="contracts-document",
    ),
    path(
        "contracts/<path:key>/versions/<str:version>/difference/",
        document_api.ContractDifference.as_view(),
        name="contracts-difference",
    ),
    path("contracts/check/", api.CheckContract.as_view(), name="contracts-check"),
    path("contracts/import/", api.ImportDocuments.as_view(), name="contracts-import"),
    path("contracts/proposals/", proposal_api.ProposalList.as_view(), name="proposals"),
    path("contracts/proposals/<int:pk>/", proposal_api.ProposalDetail.as_view(), name="proposal"),
    path(
        "contracts/proposals/<int:pk>/acknowledgements/",
        proposal_api.ProposalAcknowledgements.as_view(),
        name="proposal-acknowledgements",
    ),
    path(
        "contracts/proposals/<int:pk>/publication/",
        proposal_api.ProposalPublication.as_view(),
        name="proposal-publication",
    ),
    path(
        "contracts/proposals/<int:pk>/withdrawal/",
        proposal_api.ProposalWithdrawal.as_view(),
        name="proposal-withdrawal",
    ),
    path("contracts/templates/", template_api.TemplateList.as_view(), name="contract-templates"),
    path("contracts/templates/<slug:slug>/", template_api.TemplateDetail.as_view(), name="contract-template"),
    path(
        "products/<str:domain>/<str:slug>/ports/<str:name>/<str:version>/contract/draft/",
        template_api.PortDraft.as_view(),
        name="port-contract-draft",
    ),
    path(
        "products/<str:domain>/<str:slug>/ports/<str:name>/<str:version>/contract/",
        template_api.PortContractStart.as_view(),
        name="port-contract",
    ),
]
