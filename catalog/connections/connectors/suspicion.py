"""Does a field look personal? Judged by words in its name and by patterns in its values; in doubt, yes.

Used by `profiling` to decide which values may be kept. It errs to the safe side: a wrong "personal" costs a chart
and an owner can release the field; a wrong "harmless" would leak.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from itertools import islice

# Words of one token each, accents removed; several languages, because columns are named in them.
_WORDS: dict[str, str] = {
    "a person's name": "name firstname lastname surname forename vorname nachname prenom nom apellido apellidos "
    "nombre cognome sobrenome voornaam achternaam imie nazwisko fornamn efternamn username nickname",
    "an e-mail address": "email mail courriel correo",
    "a phone number": "phone telephone tel mobile mobil msisdn handy telefon telefono telefone telefoon fax cell",
    "an address": "address addr street strasse rue calle via rua straat ulica gata zip zipcode postcode plz postal "
    "cap cep adresse direccion indirizzo endereco adres adress hausnummer",
    "a place of a person": "lat latitude lon lng long longitude geo gps coord coords coordinates geolocation "
    "breitengrad laengengrad latitud longitud latitudine longitudine",
    "a date of birth or age": "birth birthday birthdate dob born geburt geburtsdatum geburtstag naissance nacimiento "
    "nascita nascimento geboorte urodzenia fodelse age alter edad eta idade leeftijd wiek",
    "a network or device identifier": "ip ipv4 ipv6 mac imei imsi iccid udid idfa gaid",
    "a national or tax identifier": "ssn sin nino nin nhs insee nir siren bsn cpf cnpj rut curp rfc dni nie nif pesel "
    "personnummer hetu aadhaar passport passeport pasaporte passaporto reisepass ausweis steuerid taxid tin "
    "codicefiscale license licence driver fiscal",
    "a bank account or card": "iban bic swift card cardnumber creditcard kreditkarte carte tarjeta carta cartao pan "
    "cvv cvc konto kontonummer accountnumber routing sortcode",
    "pay": "salary wage wages income gehalt lohn einkommen salaire revenu sueldo salario stipendio reddito bonus",
    "a trait the law protects": "gender sex geschlecht sexe genero genere religion ethnicity race health diagnosis "
    "disease disability patient blood political union orientation",
    "a secret": "password passwd pwd passwort secret token pin otp hash salt apikey credential credentials",
}
# Parts of longer words without a boundary, and scripts written without spaces.
_PARTS: dict[str, str] = {
    "an e-mail address": "email e-mail почта 邮箱 電子郵件 メール البريد",
    "a phone number": "phonenumber phoneno telefonnummer телефон 电话 電話 手机 هاتف",
    "a person's name": "fullname firstname lastname familyname имя фамилия 姓名 名字 氏名 الاسم",
    "an address": "homeaddress ipaddress адрес 地址 住所 عنوان",
    "a date of birth or age": "birthdate dateofbirth geburtsdat рождения возраст 生日 年龄 生年月日 年齢",
    "a national or tax identifier": "passport socialsecurity nationalid sozialversicherung паспорт инн "
    "снилс 身份证 護照 マイナンバー",
    "a bank account or card": "creditcard cardnumber accountnumber bankaccount карта 银行卡 口座",
    "a place of a person": "latitude longitude geoloc",
    "pay": "зарплата 工资 給与",
}
_BY_WORD = {word: reason for reason, words in _WORDS.items() for word in words.split()}
_BY_PART = {part: reason for reason, parts in _PARTS.items() for part in parts.split()}
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")
_PHONE = re.compile(r"(\+|00)\d[\d ()./-]{6,18}\d\Z|\(?0\d{1,5}\)?[ ./-]\d[\d ./-]{4,12}\d\Z")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}\Z")
_MAC = re.compile(r"([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\Z")
_POINT = re.compile(r"\(?-?\d{1,2}\.\d{3,}\s*[,; ]\s*-?\d{1,3}\.\d{3,}\)?\Z|(?i:point\s*\()")
_LETTERED_ID = re.compile(
    r"\d{3}-\d{2}-\d{4}\Z"  # United States
    r"|[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\Z"  # United Kingdom
    r"|[XYZ]?\d{7,8}[A-Z]\Z"  # Spain
    r"|[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\Z"  # Italy
    r"|\d{6}[-+A]\d{3}[0-9A-Y]\Z"  # Finland, Sweden, Denmark
)
_SEPARATORS = str.maketrans("", "", " -.")

LOOKED_AT = 500  # distinct values
CERTAIN_SHARE = 0.01  # of patterns that do not occur by chance
CHANCE_SHARE = 0.3  # of check digits, which one number in ten passes by chance


def suspected_by_name(path: str) -> str:
    """What the words of a field's path suggest, or "" when they suggest nothing personal."""
    words = [word.casefold() for word in _BOUNDARY.split(_plain(path)) if word]
    for word in words:
        bare = word.rstrip("0123456789") or word
        if reason := _BY_WORD.get(word) or _BY_WORD.get(bare) or _BY_WORD.get(bare.removesuffix("s")):
            return reason
    joined = "".join(words)
    original = path.casefold()
    return next((reason for part, reason in _BY_PART.items() if part in joined or part in original), "")


def suspected_by_values(values: Iterable[object]) -> str:
    """What the values look like, or "". Looks at the first distinct values that are not null."""
    distinct = list(islice(dict.fromkeys(value for value in values if value is not None), LOOKED_AT))
    if not distinct:
        return ""
    days = [value for value in distinct if isinstance(value, date)]
    if len(days) == len(distinct):
        return "dates of birth" if _spread_like_births(days) else ""
    texts = [str(value).strip() for value in distinct]
    for reason, detect, share in _DETECTORS:
        hits = sum(1 for text in texts if detect(text))
        if hits >= max(1, share * len(texts)):
            return reason
    return ""


def _plain(text: str) -> str:
    """Without accents, so that `prénom` and `prenom` are one word."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _spread_like_births(days: list[date]) -> bool:
    """Days over at least 25 different years, not only first days of a month: nothing operational looks so."""
    return len({day.year for day in days}) >= 25 and any(day.day != 1 for day in days)


def _is_ip(text: str) -> bool:
    if text.count(".") != 3 and ":" not in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def passes_luhn(digits: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def _is_card(text: str) -> bool:
    digits = text.replace(" ", "").replace("-", "")
    return digits.isascii() and digits.isdigit() and 13 <= len(digits) <= 19 and passes_luhn(digits)


def _is_iban(text: str) -> bool:
    """ISO 13616: the letters as numbers, first four characters last, modulo 97 is 1."""
    bare = text.replace(" ", "").upper()
    if not _IBAN.match(bare):
        return False
    return int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4])) % 97 == 1


def _weighted(digits: str, weights: Iterable[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _is_numbered_id(text: str) -> bool:
    """National numbers with check digits: Netherlands (9), Poland and Brazil (11), Sweden (10, 12), France (15)."""
    d = text.translate(_SEPARATORS)
    if not (d.isascii() and d.isdigit()) or len(set(d)) == 1 or text.count(".") == 1:
        return False
    if len(d) == 9:
        return _weighted(d, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0
    if len(d) == 11:
        poland = _weighted(d, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0 and 1 <= int(d[2:4]) % 20 <= 12
        return poland or _is_brazilian(d)
    if len(d) in {10, 12}:
        return passes_luhn(d[-10:]) and 1 <= int(d[-8:-6]) <= 12 and 1 <= int(d[-6:-4]) % 60 <= 31
    return len(d) == 15 and d[0] in "12" and (97 - int(d[:13]) % 97) == int(d[13:])


def _is_brazilian(d: str) -> bool:
    first = _weighted(d, range(10, 1, -1)) * 10 % 11 % 10
    second = _weighted(d, range(11, 1, -1)) * 10 % 11 % 10
    return d[9:] == f"{first}{second}"


def _is_coordinate(text: str) -> bool:
    """A number as positions are written: 5 to 8 decimals, within ±180. Computed floats have more decimals."""
    whole, _, decimals = text.partition(".")
    return (
        5 <= len(decimals) <= 8
        and decimals.isdigit()
        and whole.lstrip("-").isdigit()
        and abs(int(whole)) <= 180
    )


_DETECTORS: tuple[tuple[str, Callable[[str], object], float], ...] = (
    ("e-mail addresses", _EMAIL.search, CERTAIN_SHARE),
    ("bank accounts", _is_iban, CERTAIN_SHARE),
    ("phone numbers", _PHONE.match, CERTAIN_SHARE),
    ("network addresses", lambda text: _is_ip(text) or _MAC.match(text), CERTAIN_SHARE),
    ("positions", _POINT.match, CERTAIN_SHARE),
    ("national identifiers", _LETTERED_ID.match, CERTAIN_SHARE),
    ("payment cards", _is_card, CHANCE_SHARE),
    ("national identifiers", _is_numbered_id, CHANCE_SHARE),
    ("positions", _is_coordinate, 0.8),
)
