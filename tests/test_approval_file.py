"""Files of approvals; against the sandbox, over HTTP."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from helpers import awaited, unchecked

from dingtalk_models import (
    ApprovalFile,
    DingTalkApp,
    InvalidArgument,
    NotFound,
)
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.state.object_store import PREFIX

MB = 1024 * 1024


def test_files_of_approvals(sandbox: Sandbox, app: DingTalkApp, tmp_path: Path) -> None:
    content = os.urandom(MB)
    attached = sandbox.company.drive.attach("instance", "发票.pdf", content)
    files = app.file.approval_files
    space_id = files.space("caohui")
    previewed = ApprovalFile.objects.authorize_preview("caohui", "instance", attached.id, file_ids=[attached.id])
    assert space_id == previewed
    assert space_id == app.run("dingtalk.oapi.processinstance.cspace.info", userid="caohui", agent_id=1)
    request = {"userid": "caohui", "process_instance_id": "instance", "file_id": attached.id, "agentid": 1}
    assert space_id == app.run(unchecked("dingtalk.oapi.processinstance.cspace.preview"), request=request)
    assert files.authorize_download("caohui", [{"file_id": attached.id, "space_id": space_id}])
    assert sandbox.calls[-1].body == {
        "userId": "caohui",
        "fileInfos": [{"fileId": attached.id, "spaceId": int(space_id)}],
    }
    old = {"userid": "caohui", "file_infos": [{"file_id": attached.id, "space_id": int(space_id)}]}
    assert app.run("dingtalk.oapi.process.dentry.auth", request=old)

    assert files.download("instance", attached.id, tmp_path / "a.pdf") == MB
    assert (tmp_path / "a.pdf").read_bytes() == content
    request = {"process_instance_id": "instance", "file_id": attached.id}
    file = app.run(unchecked("dingtalk.oapi.processinstance.file.url.get"), request=request)
    assert (file.file_id, file.space_id) == (attached.id, space_id)
    got = io.BytesIO()
    assert awaited(app, lambda: file.download.aio(got)) == MB
    assert got.getvalue() == content
    stored = [call for call in sandbox.calls if call.path.startswith(PREFIX)]
    assert len(stored) == 2
    for call in stored:
        assert "x-acs-dingtalk-access-token" not in call.headers


@pytest.mark.parametrize("asynchronous", [False, True])
def test_signed_addresses_are_not_logged(
    sandbox: Sandbox, app: DingTalkApp, caplog: pytest.LogCaptureFixture, asynchronous: bool
) -> None:
    attached = sandbox.company.drive.attach("instance", "发票.pdf", b"%PDF")
    file = ApprovalFile.get("instance", attached.id)
    signature = file.download_uri.partition("Signature=")[2]
    with caplog.at_level("DEBUG"):
        if asynchronous:
            awaited(app, lambda: file.download.aio(io.BytesIO()))
        else:
            file.download(io.BytesIO())
    assert "GET" in caplog.text
    assert signature
    assert signature not in caplog.text


def test_what_is_refused_of_files_of_approvals(sandbox: Sandbox, app: DingTalkApp) -> None:
    files = app.file.approval_files
    with pytest.raises(NotFound):
        files.space("nobody")
    with pytest.raises(NotFound):
        ApprovalFile.get("unknown", "1")
    sent = len(sandbox.calls)
    with pytest.raises(InvalidArgument):
        files.authorize_preview("caohui", "instance", "1", file_ids=["1"] * 21)
    with pytest.raises(InvalidArgument):
        files.authorize_download("caohui", [])
    with pytest.raises(InvalidArgument):
        files.authorize_download("caohui", [{"file_id": "1", "space_id": "1"}] * 11)
    with pytest.raises(InvalidArgument, match="space_id"):
        files.authorize_download("caohui", [{"file_id": "1", "space_id": "the space"}])
    assert len(sandbox.calls) == sent
    assert files.space.call("caohui", agent_id=1).request.body == {"userId": "caohui", "agentId": 1}
