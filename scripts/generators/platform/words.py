"""Words in the platform's names: how they are split, what is one of many, and what an operation does to what."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from generators.platform.corrections import CORRECTIONS

IRREGULAR = {
    "children": "child", "people": "person", "criteria": "criterion", "indices": "index",
    "matrices": "matrix", "leaves": "leave", "statuses": "status", "addresses": "address",
    "processes": "process", "axes": "axis", "vertices": "vertex", "halves": "half", "aliases": "alias",
    "buses": "bus", "classes": "class", "caches": "cache", "axises": "axis", "movies": "movie",
    "cookies": "cookie", "calories": "calorie",
}  # fmt: skip
"""The plurals that follow no rule."""

ONE = {
    *("data", "metadata", "news", "series", "status", "address", "access", "process", "business", "canvas", "bonus"),
    *("sms", "gps", "css", "dns", "kms", "gms", "cms", "crms", "hrms", "pos", "sos", "ios", "os", "https", "alias"),
    *("basis", "analysis", "statistics", "media", "hours", "minutes", "seconds", "millis", "days", "wages", "plus"),
    *("corpus", "focus", "bus", "census", "previous", "always", "progress", "express", "lens", "chaos", "bias"),
    *("atlas", "gas", "species", "means", "is", "has", "was", "its", "this", "cas", "aliyunos", "minus", "sos"),
}
"""Words that end like a plural and are none, or that have no singular."""

NOISE = {
    *("list", "lists", "array", "map", "dto", "vo", "do", "bo", "dtos", "vos", "vo1", "model", "models", "param"),
    *("params", "obj", "object", "objects", "entity", "entities", "body", "resp", "response", "req", "request"),
    *("result", "results", "v1", "v2", "node", "open", "struct", "bean", "pojo", "form1"),
}
"""Words at the end of a key that say only how it is sent."""

GENERIC = {
    *("result", "results", "data", "item", "list", "body", "content", "value", "param", "model", "object", "response"),
    *("row", "request", "page", "map", "obj", "detail", "info", "record", "extra", "ext", "extension", "entry"),
    *("element", "node", "input", "output", "payload", "column", "arg", "argument", "dto", "vo", "query", "option"),
    *("config", "setting", "attribute", "property", "context", "type", "key", "name", "id", "pattern", "range"),
    *("scope", "rule", "module", "source", "target", "state", "time", "text", "total", "url", "file"),
}
"""Words that say nothing of what a thing is, without what it belongs to."""

VERBS = {
    "create": {"create", "add", "insert", "new", "save", "submit", "publish", "register", "apply", "start", "init"},
    "get": {"get", "query", "detail", "find", "fetch", "read", "describe", "show", "select", "retrieve"},
    "list": {"list", "search", "page", "queries"},
    "update": {"update", "patch", "modify", "edit", "set", "change", "upsert"},
    "delete": {"delete", "remove", "del"},
}
"""What an operation does, and the verbs that say so."""

ROLES = {verb: role for role, verbs in VERBS.items() for verb in verbs}
PARTICIPLES = {
    "archive": "archived", "book": "booked", "calculate": "calculated", "check": "checked",
    "complete": "completed", "copy": "copied", "decode": "decoded", "execute": "executed", "grant": "granted",
    "import": "imported", "invoke": "invoked", "join": "joined", "move": "moved", "parse": "parsed",
    "push": "pushed", "replay": "replayed", "recognize": "recognized", "redirect": "redirected",
    "restore": "restored", "send": "sent", "suggest": "suggested", "sync": "synced", "handle": "handled",
    "approve": "approved", "savecontent": "saved", "notify": "notified",
}  # fmt: skip
"""Other verbs, and what is said of what they were done to."""

LEADING = {
    *("batch", "multi", "bulk", "mget", "inner", "open", "isv", "sync", "async", "do", "v2", "top", "oapi"),
}
"""Words before the verb."""

ENDING = {"by", "with", "from", "for", "to", "in", "of", "under", "via", "and", "on", "v2"}
"""Words that end the noun: what follows says how, not what."""

PHRASES = {
    *(("sign", "in"), ("check", "in"), ("log", "in"), ("sign", "on"), ("on", "going"), ("on", "job"), ("in", "use")),
}
"""Pairs of which the second word ends nothing."""

QUALIFIERS = {
    *("info", "infos", "information", "detail", "details", "list", "lists", "batch", "all", "my", "simple", "page"),
    *("pages", "paged", "data", "v2", "v3", "new", "open", "result", "base", "basic", "view", "one", "single", "multi"),
    *("by", "summary", "ids", "inner"),
}
"""Words of a noun that do not make it another one: `user_info` is a user."""

LONGEST = 40
"""How many letters the name of a class may have."""


def words_of(name: str) -> list[str]:
    """`contentFieldList`, `content_field_list` as content, field, list, without typing errors."""
    parts = re.sub(r"[^0-9A-Za-z]+", "_", name)
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", parts)
    return [CORRECTIONS.words.get(word, word) for word in parts.lower().split("_") if word]


def singular(word: str) -> str:
    """One of many: `dentries` as dentry; a word that is one already as it is."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word in ONE or len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is", "ics")):  # noqa: PLR2004
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    return word[:-1]


def noun_of(key: str) -> list[str]:
    """The words of a key as one would say them of one thing: `contentFieldList` as content, field."""
    words = words_of(key)
    if "to" in words[1:] and words[-1] in {"add", "remove"}:
        words = words[: words.index("to")]
    while len(words) > 1 and (words[-1] in NOISE or words[-1].isdigit()):
        words = words[:-1]
    while len(words) > 1 and words[0] in {"open", "api", "ding"}:
        words = words[1:]
    return [*words[:-1], singular(words[-1])] if words else []


def is_verbal(words: list[str]) -> bool:
    """Whether words say what is done, which is no name of a thing."""
    return len(words) > 1 and words[0] in ROLES and words[0] not in {"new", "detail", "page", "list", "start", "set"}


def as_class(words: Iterable[str]) -> str:
    """Words as the name of a class, of at most 40 letters: those in the middle go first; none is said twice."""
    made: list[str] = []
    for word in words:
        made.append(word)
        for length in range(1, len(made) // 2 + 1):
            if made[-length:] == made[-2 * length : -length]:
                del made[-length:]
                break
    if _letters(made) > LONGEST:
        made = list(dict.fromkeys(made))
    while _letters(made) > LONGEST and len(made) > 1:
        del made[len(made) // 2]
    text = "".join(word[:1].upper() + word[1:] for word in made)[:LONGEST]
    return f"The{text}" if text[:1].isdigit() else text


def _letters(words: list[str]) -> int:
    return sum(map(len, words))


class Meaning(NamedTuple):
    """What an operation does, and to what: `list_events` lists an event.

    Attributes:
        role: create, get, list, update, delete; `None` if no verb says so.
        noun: the words of the thing, in the singular.
        done: what is said of the thing then, if another verb says so: `copied`.
    """

    role: str | None
    noun: tuple[str, ...]
    done: str = ""


def meaning(method: str, *, many: bool) -> Meaning:
    """Read the name of a method.

    Args:
        method: the name.
        many: whether it returns a list.
    """
    words = [part for word in words_of(method) for part in _split(word)]
    head = [word for word in words if word not in LEADING] or words
    place = _verb_in(head)
    if place is None:
        return Meaning(None, _noun(head))
    verb, rest = head[place], head[place + 1 :] or head[:place]
    rest = rest[: _end_of_noun(rest)]
    noun = _noun([word for word in rest if word not in QUALIFIERS])
    role = ROLES.get(verb)
    several = bool(rest) and singular(rest[-1]) != rest[-1]
    if role == "get" and (several or many or {"list", "all"} & {*head} or "batch" in words):
        role = "list"
    return Meaning(role, noun, PARTICIPLES.get(verb, ""))


def _verb_in(words: list[str]) -> int | None:
    """Where the verb is: at the start, at the end, or after the name of the product."""
    places = [0, len(words) - 1, *range(1, min(len(words), 3))]
    return next((place for place in places if words[place] in ROLES or words[place] in PARTICIPLES), None)


def _noun(words: list[str]) -> tuple[str, ...]:
    return (*words[:-1], singular(words[-1])) if words else ()


def _split(word: str) -> list[str]:
    """Names of the older host have no capitals: `getbyid` as get, by, id; `topiclist` as topic, list."""
    if found := re.fullmatch(r"(get|list|query|save)(by|)(?!en|er|ed|ing)(\w{2,})", word):
        return [part for part in found.groups() if part]
    if (found := re.fullmatch(r"(\w{3,})(list|query)", word)) and found[1] not in {"white", "black", "check"}:
        return [*found.groups()]
    return [word]


def _end_of_noun(words: list[str]) -> int:
    for place, word in enumerate(words):
        before, after = words[place - 1] if place else "", words[place + 1] if place + 1 < len(words) else ""
        if place and word in ENDING and (before, word) not in PHRASES and (word, after) not in PHRASES:
            return place
    return len(words)
