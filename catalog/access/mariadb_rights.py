"""Who can read a table in MariaDB, from the tables the server keeps its rights in.
https://mariadb.com/kb/en/the-mysql-database-tables/
"""

import re
from collections.abc import Mapping
from fnmatch import translate
from typing import NamedTuple

from catalog.access import databases
from catalog.access.stores import Reader
from catalog.connections.connectors.mysql_session import Session

PUBLIC = "PUBLIC"
ACCOUNTS = "SELECT User, Host, is_role, Select_priv, Super_priv FROM mysql.user"
ROLES = "SELECT User, Host, Role FROM mysql.roles_mapping"
ON_DATABASES = "SELECT User, Host, Db FROM mysql.db WHERE Select_priv = 'Y'"
ON_TABLES = (
    "SELECT User, Host FROM mysql.tables_priv "
    "WHERE Db = %s AND Table_name = %s AND find_in_set('Select', Table_priv)"
)
ON_COLUMNS = (
    "SELECT User, Host, Column_name FROM mysql.columns_priv "
    "WHERE Db = %s AND Table_name = %s AND find_in_set('Select', Column_priv)"
)
Key = tuple[str, str]  # user and host; a role has no host


class Account(NamedTuple):
    """An account, or a role, which has no host."""

    user: str
    host: str
    is_role: bool

    def __str__(self) -> str:
        return f"role {self.user}" if self.is_role else f"account {self.user}@{self.host}"

    @property
    def quoted(self) -> str:
        """As a statement names it. The session knows no mode in which a backslash is a mere character."""
        words = [self.user] if self.is_role else [self.user, self.host]
        return "@".join("'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in words)

    @property
    def key(self) -> tuple[str, str]:
        return self.user, self.host


def given_roles(database: Session) -> dict[Key, set[Key]]:
    """The roles that were given to each account, role or PUBLIC itself."""
    given: dict[Key, set[Key]] = {}
    for user, host, role in database.rows(ROLES):
        given.setdefault((user, host or ""), set()).add((role, ""))
    return given


def roles_of(given: Mapping[Key, set[Key]], key: Key) -> set[Key]:
    """The roles `key` has, with those these have: each can be put on with SET ROLE."""
    found: set[Key] = set()
    todo = [key, (PUBLIC, "")]
    while todo:
        for role in given.get(todo.pop(), set()) - found:
            found.add(role)
            todo.append(role)
    return found


def matches(database: str, pattern: str) -> bool:
    """Whether a grant on databases that match `pattern` (% and _ stand for characters, a backslash before them not)
    is one on `database`; upper and lower case are the same here, which says rather too much than too little."""
    wild, is_escaped = "", False
    for character in pattern:
        if is_escaped or character not in "\\%_":
            wild += f"[{character}]" if character in "*?[" else character
            is_escaped = False
        elif character == "\\":
            is_escaped = True
        else:
            wild += "*" if character == "%" else "?"
    return re.match(translate(wild), database, re.IGNORECASE) is not None


def readers(database: Session, schema: str, table: str) -> list[Reader]:
    """Every account and role with a right to read the table or a column of it, its own or by a role it can put on;
    without those that administer the server and the account that asks."""
    whole = {(user, host) for user, host in database.rows(ON_TABLES, (schema, table))}
    whole |= {(user, host) for user, host, at in database.rows(ON_DATABASES) if matches(schema, at)}
    rows = database.rows(ACCOUNTS)
    whole |= {(user, host or "") for user, host, _, reads_all, _ in rows if reads_all == "Y"}
    reading = dict.fromkeys(whole, True)
    for user, host, _ in database.rows(ON_COLUMNS, (schema, table)):
        reading.setdefault((user, host), False)
    own = str(database.rows("SELECT current_user()")[0][0])
    given = given_roles(database)
    people = {
        Account(user, host or "", is_role == "Y"): is_super == "Y"
        for user, host, is_role, _, is_super in rows
    }
    found = []
    everybody = {(PUBLIC, "")} | roles_of(given, (PUBLIC, ""))
    if any(key in reading for key in everybody):
        found.append(databases.reader((PUBLIC,), (), any(reading.get(key) for key in everybody)))
    for account, is_super in sorted(people.items()):
        if is_super or own == f"{account.user}@{account.host}" or account.user == PUBLIC:
            continue
        names = _names(account, people)
        for key in sorted(({account.key} | roles_of(given, account.key)) & reading.keys() - everybody):
            through = () if key == account.key else (key[0],)
            found.append(databases.reader(names, through, reading[key]))
    return found[: databases.MOST_READERS]


def _names(account: Account, people: Mapping[Account, bool]) -> tuple[str, ...]:
    """What an agreement may call it: a bare name means the role, or the account from anywhere, or the only one."""
    if account.is_role:
        return (account.user,)
    full = f"{account.user}@{account.host}"
    same = [item for item in people if item.user == account.user]
    is_meant = account.host == "%" and not any(item.is_role for item in same)
    return (full, account.user) if is_meant or len(same) == 1 else (full,)
