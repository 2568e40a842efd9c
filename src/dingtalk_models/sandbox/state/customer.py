"""The external contacts of a company, and their labels."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from dingtalk_models.sandbox.state.leaving import Leaver, StatePart, without
from dingtalk_models.sandbox.state.seeding import Known, SeedError, check_free


@dataclass
class ExternalContact:
    """An external contact (外部联系人), with the names of the platform's reply."""

    userid: str
    name: str
    mobile: str
    state_code: str
    label_ids: list[int]
    follower_user_id: str
    title: str | None = None
    company_name: str | None = None
    address: str | None = None
    remark: str | None = None
    email: str | None = None
    share_dept_ids: list[int] = field(default_factory=list[int])
    share_user_ids: list[str] = field(default_factory=list[str])


@dataclass
class LabelGroup:
    """A group of labels (标签组), with the labels by id."""

    name: str
    color: int
    labels: dict[int, str]


class Clientele(StatePart):
    """The external contacts of a company.

    Attributes:
        enabled: whether the company uses external contacts.
        mandatory_custom_fields: the company's required custom fields. The API cannot send them, so it cannot add
            contacts if there are any.
        contacts: the contacts by userid.
        label_groups: the label groups in their order.
    """

    def __init__(self, known: Known) -> None:
        self.known = known
        self.enabled = True
        self.mandatory_custom_fields: set[str] = set()
        self.contacts: dict[str, ExternalContact] = {}
        self.label_groups: list[LabelGroup] = []
        self._userids = itertools.count(11_250_026_469_774_889)
        self._label_ids = itertools.count(1_561_077_310)
        self.add_label_group("类型", "客户", "渠道商", "供应商", "合作伙伴", color=-15_220_075)
        self.add_label_group("级别", "一般", "重要", "核心", color=-11_687_445)
        self.add_label_group("状态", "潜在", "意向", "洽谈", "成交", "流失", color=-543_394)

    def person_left(self, leaver: Leaver) -> None:
        """Give the contacts of a person to their successor, and stop sharing contacts with the person."""
        for contact in self.contacts.values():
            contact.share_user_ids[:] = without(contact.share_user_ids, leaver.userid)
            if contact.follower_user_id == leaver.userid:
                contact.follower_user_id = leaver.heir or ""

    def department_left(self, dept_id: int, above: int) -> None:
        """Share the contacts of a department with its parent instead."""
        for contact in self.contacts.values():
            contact.share_dept_ids[:] = without(contact.share_dept_ids, dept_id, above)

    def add_label_group(self, name: str, *labels: str, color: int = 0) -> LabelGroup:
        """Add a group with these labels."""
        group = LabelGroup(name, color, {next(self._label_ids): label for label in labels})
        self.label_groups.append(group)
        return group

    def label_id(self, name: str) -> int:
        """Return the id of the label with this name."""
        return next(key for group in self.label_groups for key, label in group.labels.items() if label == name)

    def add(
        self,
        name: str,
        mobile: str,
        label_ids: list[int],
        follower_user_id: str,
        state_code: str = "86",
        *,
        userid: str | None = None,
        **fields: Any,
    ) -> ExternalContact:
        """Add a contact. Without a userid, one is generated.

        Raises:
            SeedError: the userid or the number is taken, or there is no such label, person or department.
        """
        check_free("userid", userid, self.contacts)
        check_free("mobile", (state_code, mobile), {(each.state_code, each.mobile) for each in self.contacts.values()})
        labels = {label_id for group in self.label_groups for label_id in group.labels}
        if unknown := [each for each in label_ids if each not in labels]:
            raise SeedError(
                "label_ids", f"there is no label {unknown[0]}: add it first / 没有标签 {unknown[0]}，请先添加"
            )
        userid = userid or f"{next(self._userids):018d}"
        contact = ExternalContact(userid, name, mobile, state_code, label_ids, follower_user_id, **fields)
        self.known.check_users("follower_user_id", [follower_user_id])
        self.known.check_users("share_user_ids", contact.share_user_ids)
        self.known.check_departments("share_dept_ids", contact.share_dept_ids)
        self.contacts[contact.userid] = contact
        return contact
