"""The sandbox as a whole: its address, its state, and waiting for pushes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel

from dingtalk_models.sandbox import Sandbox, UnusableState
from dingtalk_models.sandbox.handle.events import Timeout
from dingtalk_models.sandbox.handle.operations import operation


class About(BaseModel):
    """The address of the sandbox, and the credentials that it accepts."""

    url: str
    corp_id: str
    corp_secret: str
    appkey: str
    appsecret: str
    agent_id: str
    sso_secret: str
    robot: str


@operation("GET", "/about", "url")
def about(sandbox: Sandbox) -> About:
    """Read the address and the credentials. / 读取地址与凭证。"""
    return About(**{name: getattr(sandbox, name) for name in About.model_fields})


@operation("POST", "/reset", "reset", waits=True)
def reset(sandbox: Sandbox) -> None:
    """Reset the sandbox to its first state. / 恢复到初始状态。"""
    sandbox.reset()


@operation("GET", "/state", "save", waits=True)
def save(sandbox: Sandbox) -> bytes:
    """Save the whole state, to load it later. / 导出全部状态，供以后载入。"""
    with TemporaryDirectory() as folder:
        path = Path(folder, "state")
        sandbox.save(path)
        return path.read_bytes()


@operation("PUT", "/state", "load", waits=True)
def load(sandbox: Sandbox, body: bytes) -> None:
    """Load a saved state. / 载入已导出的状态。"""
    with TemporaryDirectory() as folder:
        path = Path(folder, "state")
        path.write_bytes(body)
        try:
            sandbox.load(path)
        except UnusableState as error:
            raise UnusableState(str(error).replace(str(path), "the body")) from None


@operation("POST", "/settle", "settle", waits=True)
def settle(sandbox: Sandbox, body: Timeout) -> None:
    """Wait until all pending pushes are delivered and answered. / 等待所有待推送的消息投递完成。"""
    sandbox.settle(body.timeout)
