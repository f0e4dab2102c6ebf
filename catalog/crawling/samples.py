"""A sample run in memory, from which the table of rights is computed."""

from catalog.accounts.models import User
from catalog.accounts.rights import Sample, register_sample
from catalog.crawling.models import CrawlRun
from catalog.products.samples import sample_connection


def sample_run(person: User, tie: str) -> CrawlRun:
    """A crawl of a whole store of the sample team."""
    return CrawlRun(pk=-1, connection=sample_connection(person, tie))


register_sample(Sample("run", sample_run))
