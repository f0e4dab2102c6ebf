"""Who may speak at a product, and who keeps order there."""

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.discussions.models import Answer, Question
from catalog.products.models import DataProduct
from catalog.products.permissions import can_edit_product, can_view_product


def can_ask(user: User, product: DataProduct) -> bool:
    """Everybody who may see the product and has a part in the mesh."""
    return kernel.standing(user).is_member and can_view_product(user, product)


def can_answer(user: User, question: Question) -> bool:
    """Whoever may ask there: consumers help each other."""
    return can_ask(user, question.product)


def can_settle(user: User, question: Question) -> bool:
    """Accept an answer, close and open again: who asked, and everybody who may edit the product."""
    return (question.author_id == user.pk and can_ask(user, question.product)) or can_moderate(user, question)


def can_moderate(user: User, question: Question) -> bool:
    """Take words away, turn an answer into documentation, open an incident: everybody who may edit the product."""
    return can_edit_product(user, question.product)


def can_edit_words(user: User, words: Question | Answer) -> bool:
    """One's own words, while one may speak there."""
    product = words.product if isinstance(words, Question) else words.question.product
    return words.author_id == user.pk and can_ask(user, product)


def can_announce(user: User, product: DataProduct) -> bool:
    """Everybody who may edit the product."""
    return can_edit_product(user, product)


kernel.register("question.ask", can_ask, on="product")
kernel.register("question.answer", can_answer)
kernel.register("question.settle", can_settle)
kernel.register("question.moderate", can_moderate)
kernel.register("question.edit", can_edit_words)
kernel.register("announcement.make", can_announce, on="product")
