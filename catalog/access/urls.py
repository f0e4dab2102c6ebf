"""Addresses of access: a tab of a product, the form, agreements and requests, the inbox, rules, and the API."""

from django.urls import URLPattern, URLResolver, path

from catalog.access import agreement_api, api, audit_api, basket_api
from catalog.access.views import agreements, asking, audit, basket, drift, inbox, product, rules

app_name = "access"
PORT = "products/<str:domain>/<str:slug>/ports/<str:name>/<str:version>/access"
urlpatterns: list[URLPattern | URLResolver] = [
    path("products/<str:domain>/<str:slug>/access/", product.of_product, name="product"),
    path(f"{PORT}/request/", asking.ask, name="ask"),
    path(f"{PORT}/terms/", product.port_terms, name="terms"),
    path("access/", agreements.mine, name="mine"),
    path("access/basket/", basket.basket, name="basket"),
    path("access/basket/put/", basket.put, name="basket_put"),
    path("access/basket/take/", basket.take, name="basket_take"),
    path("access/agreements/<int:pk>/", agreements.detail, name="agreement"),
    path("access/agreements/<int:pk>/revoke/", agreements.revoke, name="revoke"),
    path("access/agreements/<int:pk>/release/", agreements.release, name="release"),
    path("access/agreements/<int:pk>/mark/", agreements.mark, name="mark"),
    path("access/agreements/<int:pk>/now/", agreements.now, name="now"),
    path("access/agreements/<int:pk>/principal/", agreements.principal, name="principal"),
    path("access/requests/<int:pk>/", asking.detail, name="request"),
    path("access/requests/<int:pk>/edit/", asking.edit, name="draft"),
    path("access/requests/<int:pk>/withdraw/", asking.withdraw, name="withdraw"),
    path("access/requests/<int:pk>/comment/", asking.comment, name="comment"),
    path("access/audit/", audit.held, name="held"),
    path("access/drift/", drift.drift, name="drift"),
    path("access/rules/", rules.index, name="rules"),
    path("access/rules/new/", rules.create, name="rule_new"),
    path("access/rules/<int:pk>/", rules.edit, name="rule"),
    path("access/rules/<int:pk>/delete/", rules.delete, name="rule_delete"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/decide/", inbox.decide, name="decide"),
    path("inbox/away/", inbox.away, name="away"),
]
AGREEMENT, REQUEST = "access/agreements/<int:pk>", "access/requests/<int:pk>"
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("access/agreements/", agreement_api.AgreementList.as_view(), name="agreement-list"),
    path(f"{AGREEMENT}/", agreement_api.AgreementDetail.as_view(), name="agreement-detail"),
    path(f"{AGREEMENT}/revoke/", agreement_api.AgreementRevoke.as_view(), name="agreement-revoke"),
    path(f"{AGREEMENT}/release/", agreement_api.AgreementRelease.as_view(), name="agreement-release"),
    path(
        f"{AGREEMENT}/provisioning/",
        agreement_api.AgreementProvisioning.as_view(),
        name="agreement-provisioning",
    ),
    path(f"{AGREEMENT}/now/", agreement_api.AgreementNow.as_view(), name="agreement-now"),
    path(f"{AGREEMENT}/report/", agreement_api.AgreementReport.as_view(), name="agreement-report"),
    path(f"{AGREEMENT}/use/", agreement_api.AgreementUse.as_view(), name="agreement-use"),
    path(f"{AGREEMENT}/principal/", agreement_api.AgreementPrincipal.as_view(), name="agreement-principal"),
    path("access/requests/", api.RequestList.as_view(), name="access-request-list"),
    path(f"{REQUEST}/", api.RequestDetail.as_view(), name="access-request-detail"),
    path(f"{REQUEST}/withdraw/", api.RequestWithdraw.as_view(), name="access-request-withdraw"),
    path(f"{REQUEST}/decisions/", api.RequestDecisions.as_view(), name="access-request-decisions"),
    path(f"{REQUEST}/comments/", api.RequestComments.as_view(), name="access-request-comments"),
    path("access/audit/", audit_api.HeldList.as_view(), name="access-audit"),
    path("access/drift/", audit_api.DriftList.as_view(), name="access-drift"),
    path("access/basket/", basket_api.Basket.as_view(), name="access-basket"),
    path("access/basket/requests/", basket_api.BasketRequests.as_view(), name="access-basket-requests"),
    path("access/rules/", api.RuleList.as_view(), name="access-rule-list"),
    path("access/prospect/", api.Prospect.as_view(), name="access-prospect"),
]
