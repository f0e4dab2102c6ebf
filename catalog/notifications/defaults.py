"""How people hear of each kind until they choose otherwise: what is broken at once, what changes once a day."""

from catalog.notifications.models import Channel, Kind

DEFAULTS: dict[str, str] = {
    Kind.INCIDENT: Channel.AT_ONCE,
    Kind.SLO: Channel.AT_ONCE,
    Kind.CRAWL: Channel.AT_ONCE,
    Kind.CONTRACT: Channel.AT_ONCE,
    Kind.SCHEMA: Channel.DIGEST,
    Kind.LIFECYCLE: Channel.DIGEST,
    Kind.VERSION: Channel.DIGEST,
    Kind.PEOPLE: Channel.DIGEST,
    Kind.DISCUSSION: Channel.DIGEST,
    Kind.GLOSSARY: Channel.DIGEST,
    Kind.SEARCH: Channel.DIGEST,
    Kind.ACCESS: Channel.AT_ONCE,
    Kind.WEBHOOK: Channel.AT_ONCE,
}
HELP: dict[str, str] = {
    Kind.INCIDENT: "Something you own or read from is in trouble, and when it is over.",
    Kind.SLO: "An objective is missed, or its error budget burns fast.",
    Kind.CRAWL: "A store has failed for a while, so nobody knows how its data is.",
    Kind.CONTRACT: "A version is proposed or published, and whether it breaks yours.",
    Kind.SCHEMA: "A crawl saw other columns or types than before.",
    Kind.LIFECYCLE: "A product comes, is deprecated with its successor, or goes.",
    Kind.VERSION: "A product or a port is offered in a new version, or an old one gets its end.",
    Kind.PEOPLE: "Other people or another team are in charge.",
    Kind.DISCUSSION: "A question at what you own, an answer to yours, an announcement of what you use.",
    Kind.GLOSSARY: "A term you watch means something else, is deprecated, or is linked to another product.",
    Kind.SEARCH: "A search you watch finds something it did not find before.",
    Kind.ACCESS: "Requests you decide, and what becomes of yours: decided, granted, ending, ended.",
    Kind.WEBHOOK: "A webhook of yours reached nobody for days and was switched off.",
}
