"""Addresses of the conversation: a tab of a product, questions and answers, announcements, and the API."""

from django.urls import URLPattern, URLResolver, path

from catalog.discussions import api, views

app_name = "discussions"
PRODUCT = "products/<str:domain>/<str:slug>"
QUESTION, ANSWER = "discussions/questions/<int:pk>", "discussions/answers/<int:pk>"
urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{PRODUCT}/questions/", views.of_product, name="product"),
    path(f"{PRODUCT}/questions/new/", views.ask, name="ask"),
    path(f"{PRODUCT}/announcements/new/", views.announce, name="announce"),
    path(f"{QUESTION}/", views.question, name="question"),
    path(f"{QUESTION}/act/", views.act, name="act"),
    path(f"{QUESTION}/edit/", views.edit_question, name="question_edit"),
    path(f"{QUESTION}/remove/", views.remove_question, name="question_remove"),
    path(f"{ANSWER}/edit/", views.edit_answer, name="answer_edit"),
    path(f"{ANSWER}/remove/", views.remove_answer, name="answer_remove"),
    path("discussions/announcements/<int:pk>/end/", views.end_announcement, name="announcement_end"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("discussions/questions/", api.QuestionList.as_view(), name="question-list"),
    path(f"{QUESTION}/", api.QuestionDetail.as_view(), name="question-detail"),
    path(f"{ANSWER}/", api.AnswerDetail.as_view(), name="answer-detail"),
    path(f"{QUESTION}/answers/", api.QuestionAnswers.as_view(), name="question-answers"),
    path(f"{QUESTION}/accepted/", api.QuestionAccepted.as_view(), name="question-accepted"),
    path("discussions/announcements/", api.AnnouncementList.as_view(), name="announcement-list"),
]
