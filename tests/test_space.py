"""Spaces, and the files and folders in them; against the sandbox, over HTTP."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from dingtalk_models import (
    AlreadyExists,
    Dentry,
    DingTalkApp,
    HttpRequest,
    InvalidArgument,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    PlatformBusy,
    Space,
)
from dingtalk_models.file.dentry_fields import Destination
from dingtalk_models.sandbox import Sandbox

MB = 1024 * 1024


def test_a_scene_has_one_space(app: DingTalkApp, who: str) -> None:
    made = Space.create(
        who, name="合同", scene="contract", scene_id="7", quota=MB, owner_type="USER", capabilities={"can_search": True}
    )
    again = Space.create(who, scene="contract", scene_id="7")
    other = Space.create(who, scene="contract", scene_id="8")
    assert (made.id, made.name, made.quota, made.owner_id) == (again.id, "合同", MB, who)
    assert other.id != made.id
    loaded = Space.get(made.id, who)
    assert loaded.capabilities is not None
    assert loaded.capabilities.can_search is True
    assert loaded.create_time is not None
    assert loaded.create_time.tzinfo is not None
    assert loaded.refresh(who) == made
    with pytest.raises(NotFound):
        Space.get("1", who)
    with pytest.raises(PermissionDenied):
        Space.get(made.id, "nobody")


def test_the_union_id_travels_in_the_query(sandbox: Sandbox, app: DingTalkApp, who: str) -> None:
    Space.create(who, scene="a", capabilities={"can_rename": False})
    (sent,) = sandbox.received("/v1.0/storage/spaces")
    assert sent.query == {"unionId": who}
    assert sent.body == {"option": {"scene": "a", "capabilities": {"canRename": False}}}
    assert Space.create.call(who, name="x").request.query_params == {"unionId": who}


def test_folders_and_files_come_and_go(app: DingTalkApp, who: str, space: Space) -> None:
    folder = space.create_folder("2026", who)
    inner = folder.create_folder("合同", who)
    file = inner.upload(b"one", who, name="a.txt")
    assert (file.name, file.size, file.path, file.extension, file.type) == (
        "a.txt", 3, "/2026/合同/a.txt", "txt", "FILE",
    )  # fmt: skip
    assert folder.size is None
    assert [each.name for each in space.list(who)] == ["2026"]
    assert [each.name for each in folder.list(who)] == ["合同"]

    assert file.rename("b.txt", who) is file
    assert file.path == "/2026/合同/b.txt"
    copied = file.copy_to(folder, who)
    assert copied.dentry is not None
    assert copied.is_async is False
    assert copied.dentry.path == "/2026/b.txt"
    moved = file.move_to(space.root(who), who)
    assert moved.dentry is not None
    assert (moved.dentry.path, moved.dentry.id) == ("/b.txt", file.id)
    assert file.refresh(who).path == "/b.txt"
    file.delete(who)
    with pytest.raises(NotFound):
        Dentry.get(space.id, file.id, who)

    task_id = folder.delete(who, to_recycle_bin=True).task_id
    assert task_id is not None
    task = Dentry.objects.task(task_id, who)
    assert (task.status, task.total_count) == ("SUCCESS", 3)
    assert space.list(who).all() == []
    with pytest.raises(NotFound):
        Dentry.objects.task("1", who)


def test_the_same_by_ids(app: DingTalkApp, who: str, space: Space) -> None:
    folder = Dentry.objects.create_folder(space.id, "0", "2026", who)
    file = space.upload(b"one", who, name="a.txt")
    assert Dentry.objects.rename(space.id, file.id, "b.txt", who).path == "/b.txt"
    there: Destination = {"target_space_id": space.id, "target_folder_id": folder.id}
    copied = Dentry.objects.copy(space.id, file.id, who, **there).dentry
    assert copied is not None
    assert copied.path == "/2026/b.txt"
    moved = Dentry.objects.move(space.id, file.id, who, **there, conflict="AUTO_RENAME").dentry
    assert moved is not None
    assert (moved.id, moved.path) == (file.id, "/2026/b(1).txt")
    listed = Dentry.objects.list(space.id, who, parent_id=folder.id)
    assert {each.id for each in listed} == {copied.id, file.id}
    Dentry.objects.delete(space.id, file.id, who)
    assert [each.id for each in listed] == [copied.id]


def test_folders_are_copied_and_moved_with_what_is_in_them(app: DingTalkApp, who: str, space: Space) -> None:
    folder = space.create_folder("a", who)
    folder.create_folder("b", who).upload(b"deep", who, name="c.txt")
    other = Space.create(who, scene="other")
    assert folder.copy_to(other.root(who), who).is_async is True
    folder.move_to(other.root(who), who)
    assert [each.name for each in other.list(who)] == ["a", "a(1)"]
    for each in other.list(who):
        (inner,) = each.list(who)
        assert [file.size for file in inner.list(who)] == [4]
    (target,) = [each for each in other.list(who) if each.name == "a"]
    with pytest.raises(InvalidRequest):
        target.move_to(target, who)


def test_long_folders_are_listed_page_by_page(sandbox: Sandbox, app: DingTalkApp, who: str, space: Space) -> None:
    drive = sandbox.company.drive
    for number in range(7):
        drive.add_file(drive.dentry(space.id, "0"), f"{number}.txt", b"x" * number)
    names = [each.name for each in space.list(who, max_results=3, order_by="SIZE", order="DESC")]
    assert names == [f"{number}.txt" for number in reversed(range(7))]
    pages = list(space.list(who, max_results=3).pages())
    assert [len(page.items) for page in pages] == [3, 3, 1]
    assert pages[0].items[0].app is app
    rest = space.list(who, max_results=3, next_token=str(pages[1].next_cursor))
    assert [each.name for each in rest] == ["6.txt"]


@pytest.mark.parametrize(
    ("conflict", "names", "content"),
    [
        (None, ["a(1).txt", "a.txt"], b"old"),
        ("AUTO_RENAME", ["a(1).txt", "a.txt"], b"old"),
        ("OVERWRITE", ["a.txt"], b"new"),
        ("RETURN_DENTRY_IF_EXISTS", ["a.txt"], b"old"),
    ],
)
def test_what_happens_where_the_name_is_taken(
    who: str, space: Space, conflict: Any, names: list[str], content: bytes
) -> None:
    first = space.upload(b"old", who, name="a.txt")
    how: Any = {"conflict": conflict} if conflict else {}
    space.upload(b"new", who, name="a.txt", **how)
    assert [each.name for each in space.list(who)] == names
    got = io.BytesIO()
    assert first.download(got, who) == 3
    assert got.getvalue() == content
    got = io.BytesIO()
    first.download(got, who, version=1)
    assert got.getvalue() == b"old"


def test_a_taken_name_can_be_an_error(app: DingTalkApp, who: str, space: Space) -> None:
    file = space.upload(b"old", who, name="a.txt")
    folder = space.create_folder("b", who)
    with pytest.raises(AlreadyExists) as upload:
        space.upload(b"new", who, name="a.txt", conflict="RETURN_ERROR_IF_EXISTS")
    assert upload.value.code == "dentryNameConflict"
    for attempt in (
        lambda: space.create_folder("b", who, conflict="RETURN_ERROR_IF_EXISTS"),
        lambda: file.copy_to(space.root(who), who, conflict="RETURN_ERROR_IF_EXISTS"),
        lambda: file.rename("b", who),
    ):
        with pytest.raises(AlreadyExists):
            attempt()
    assert space.create_folder("b", who, conflict="RETURN_DENTRY_IF_EXISTS").id == folder.id


def test_companies_that_are_not_certified_are_told_so(
    sandbox: Sandbox, app: DingTalkApp, who: str, space: Space
) -> None:
    file = space.upload(b"x", who, name="a.txt")
    path = f"/v1.0/storage/spaces/{space.id}/dentries/{file.id}/downloadInfos/query"
    sandbox.fail(path, code="orgAuthLevelNotEnough", message="auth level of org is not enough", status=403)
    with pytest.raises(PermissionDenied) as caught:
        file.download(io.BytesIO(), who)
    assert caught.value.hint is not None
    assert "企业认证" in caught.value.hint


def test_an_operation_under_way_elsewhere_is_the_platforms_trouble(
    sandbox: Sandbox, app: DingTalkApp, who: str, space: Space
) -> None:
    file = space.upload(b"x", who, name="a.txt")
    path = f"/v1.0/storage/spaces/{space.id}/dentries/{file.id}/rename"
    sandbox.fail(path, code="operationConcurrentControl", status=400)
    with pytest.raises(PlatformBusy):
        file.rename("b.txt", who)


@pytest.mark.parametrize("name", ["", "a\tb", "a*", 'a"b', "<a", "a>", "a|b", "a.", "."])
def test_unfit_names_are_refused(sandbox: Sandbox, app: DingTalkApp, who: str, name: str) -> None:
    space = Space(id="1")
    attempts: list[Callable[[], Any]] = [
        lambda: space.create_folder(name, who),
        lambda: Dentry(id="1", space_id="1").rename(name, who),
        lambda: Dentry.objects.commit("uuid", who, "key", name),
    ]
    for attempt in attempts:
        with pytest.raises(InvalidArgument):
            attempt()
    assert sandbox.calls == []


@pytest.mark.parametrize("name", ["a", "a.txt", " a ", ".a", "报告 (1).docx", "a.b.c"])
def test_fit_names_are_sent(who: str, name: str) -> None:
    assert Dentry.objects.commit.call("uuid", who, "key", name).request.body == {"uploadKey": "key", "name": name}


def test_the_sandbox_refuses_files_itself(sandbox: Sandbox, app: DingTalkApp, who: str, space: Space) -> None:
    headers = {"x-acs-dingtalk-access-token": app.access_token, "Content-Type": "application/json"}

    def answer(path: str, body: object, verb: str = "POST") -> tuple[int, str]:
        content = None if body is None else json.dumps(body).encode()
        response = app.transport.send(HttpRequest(verb, sandbox.url + path, headers, content))
        return response.status, json.loads(response.content).get("code", "")

    root, files = f"/v1.0/storage/spaces/{space.id}/dentries/0", "/v2.0/storage/spaces/files"
    uuid = space.root(who).uuid
    upload = f"{files}/{uuid}/uploadInfos/query?unionId={who}"
    assert answer(f"{root}/folders?unionId={who}", {"name": "a|b"}) == (400, "dentryNameIllegal")
    assert answer(f"{root}/folders?unionId=nobody", {"name": "a"}) == (403, "permissionDenied")
    assert answer(f"{root}/folders", {"name": "a", "unionId": who}) == (400, "paramError")
    assert answer(f"{root}/rename?unionId={who}", {"newName": "a"}) == (400, "paramError.dentryId")
    assert answer(f"{root}/downloadInfos/query?unionId={who}", {}) == (400, "operationNotSupported")
    assert answer(f"{root}?unionId={who}", None, "DELETE") == (400, "operationNotSupported")
    assert answer(f"{root}/query?unionId={who}", None) == (200, "")  # nothing has to be in the body
    assert answer(upload, {"protocol": "FTP"}) == (400, "paramError.protocol")
    assert answer(upload.replace(str(uuid), "x"), {"protocol": "HEADER_SIGNATURE"}) == (
        400, "paramError.parentDentryUuid",
    )  # fmt: skip
    commit = {"uploadKey": "unknown", "name": "a"}
    assert answer(f"{files}/{uuid}/commit?unionId={who}", commit) == (400, "paramError.uploadKey")
