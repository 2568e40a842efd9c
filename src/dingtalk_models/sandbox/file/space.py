"""`/v1.0/storage/spaces`, `/v1.0/storage/spaces/{spaceId}`."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field
from typing_extensions import TypedDict

from dingtalk_models.sandbox.server.endpoints import Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.file import Space

INVALID: Final = "paramError"

UnionId = Annotated[str, Field(alias="unionId", min_length=1)]
SpaceId = Annotated[str, Field(alias="spaceId")]


class SpaceOption(TypedDict, total=False):
    """The options of a new space."""

    name: str
    quota: Annotated[int, Field(ge=0)]
    capabilities: dict[str, bool]
    scene: str
    sceneId: str
    ownerType: Literal["USER", "APP"]


def check_user(company: Company, union_id: str) -> str:
    """Return the union id, or refuse it if nobody in the company has it."""
    if company.find_user(unionid=union_id) is None:
        raise Refused("permissionDenied")
    return union_id


def shown_space(company: Company, space: Space) -> Result:
    """Return a space in the form of a reply."""
    quota = {"used": company.drive.used(space.id), "max": space.quota, "reserved": 0, "type": "PRIVATE"}
    owner = space.creator if space.owner_type == "USER" else company.credentials.agent_id
    return {
        "space": {
            "id": space.id, "corpId": company.credentials.corp_id, "creatorId": space.creator, "name": space.name,
            "ownerType": space.owner_type, "ownerId": owner, "modifierId": space.creator, "usedQuota": quota["used"],
            "quota": space.quota, "status": "NORMAL", "createTime": space.created, "modifiedTime": space.modified,
            "appId": company.credentials.agent_id, "scene": space.scene, "sceneId": space.scene_id,
            "capabilities": space.capabilities,
            "partitions": [{"partitionType": "PUBLIC_OSS_PARTITION", "quota": quota}],
        }
    }  # fmt: skip


@endpoint("POST", "/v1.0/storage/spaces?unionId", scope="Storage.Space.Write", invalid=INVALID)
def add_space(company: Company, *, union_id: UnionId, option: SpaceOption | None = None) -> Result:
    """添加空间: returns the space that the scene already has, if any."""
    given: dict[str, Any] = {**(option or SpaceOption())}
    scene, scene_id = given.pop("scene", "default"), given.pop("sceneId", "0")
    if "ownerType" in given:
        given["owner_type"] = given.pop("ownerType")
    space = company.drive.space_for(scene, scene_id, check_user(company, union_id), **given)
    return shown_space(company, space)


@endpoint("GET", "/v1.0/storage/spaces/{spaceId}", scope="Storage.Space.Read", invalid=INVALID)
def get_space(company: Company, *, space_id: SpaceId, union_id: UnionId) -> Result:
    """获取空间信息."""
    check_user(company, union_id)
    return shown_space(company, company.drive.space(space_id))
