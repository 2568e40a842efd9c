"""Interactive cards (互动卡片): created, delivered, updated."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from typing_extensions import TypedDict, Unpack

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Old, Refusal, api, operation
from dingtalk_models.core.context import current_app, setting_of
from dingtalk_models.core.secret import Hiding, Secret
from dingtalk_models.core.steps import Flow, Steps
from dingtalk_models.core.wire import camel, wire
from dingtalk_models.message.cards.fields import (
    CallbackType,
    CardFields,
    CardParams,
    CardUpdateOptions,
    DeliveryFields,
    FeedSpaceModel,
    ImSpaceModel,
    PrivateParams,
    SendingFields,
    TopSpaceModel,
    UserIdType,
)
from dingtalk_models.message.cards.space import (
    CardSpaces,
    GroupSpace,
    RobotSpace,
    deliver_models,
    listed,
    open_space_id,
    space_models,
)
from dingtalk_models.message.cards.stream import CUT_SHORT, INTERVAL, TIMEOUT, CardStream, StreamCalls
from dingtalk_models.message.reaching import SPACES, WHY, somebody
from dingtalk_models.message.robots.robot import RobotManager, send_to_one
from dingtalk_models.message.robots.template import SampleText
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Record

_WIRE = "cardData.cardParamMap"
_STATE = "flowStatus"
"""The parameter for the state of an AI card, as in the platform's SDK."""

_TemplateId = Annotated[str, Field(min_length=1)]
_TrackId = Annotated[str, Field(min_length=1)]
_GroupId = Annotated[str, Field(min_length=1)]
_OpenSpaceId = Annotated[str, Field(min_length=1)]
_Params = Annotated[CardParams, wire(_WIRE)]


class CardDelivery(Record, alias_generator=camel):
    """The result of delivering a card to one space."""

    space_type: str | None
    space_id: str | None
    success: bool | None
    carrier_id: str | None
    """The id of its message there."""
    error_msg: str | None
    """The reason if it was not delivered."""


class CardCallback(Record, alias_generator=camel):
    """A callback route: the address for clicks on cards by HTTP."""

    callback_url: str | None
    api_secret: Secret | None
    """The secret for the signature of clicks."""


class _Sent(Record, alias_generator=camel):
    out_track_id: str | None
    deliver_results: list[CardDelivery] = []


class StreamSettings(TypedDict, total=False):
    """The settings of a card that is updated while its text grows."""

    key: str
    """The parameter of the template that has the text; by default `content`."""
    card_param_map: CardParams
    """Other parameters of the template."""
    private_data: PrivateParams
    """Parameters for single users, by userid."""
    out_track_id: str
    """An id of your own; by default a new one."""
    callback_route_key: str
    """The callback route for clicks; by default Stream mode is used."""
    robot_code: str
    """The robot, if it is not the app's own."""
    placeholder: str
    """The text of the card before the first piece. Without it, the first piece creates the card."""
    interval: float
    """Seconds between two updates; by default 0.5."""
    timeout: float
    """Seconds without a new piece after which the card shows that the answer failed; by default 300."""
    cut_short: str
    """The text added to a failed answer if the card itself cannot show that it failed."""


class CardManager(Manager):
    """Interactive cards (互动卡片)."""

    @operation
    def send(
        self,
        card_template_id: str,
        to: CardSpaces,
        card_param_map: CardParams,
        *,
        out_track_id: str | None = None,
        private_data: PrivateParams | None = None,
        callback_route_key: str | None = None,
        robot_code: str | None = None,
        user_id_type: UserIdType | None = None,
    ) -> Call[Card]:
        """Create a card and deliver it to one or several spaces with one call.

        Args:
            card_template_id: the template.
            to: a `GroupSpace`, `RobotSpace`, `SingleSpace` or `TopSpace`, or a list of these.
            card_param_map: the parameters of the template.
            out_track_id: an id of your own; by default a new one.
            private_data: parameters for single users, by userid.
            callback_route_key: the callback route for clicks; by default Stream mode is used.
            robot_code: the robot, if it is not the app's own.
            user_id_type: 1 if users are given by userid (the default), 2 if by union id.

        Returns:
            The card, with the spaces that it reached, and the reasons why it did not reach others.

        Raises:
            InvalidArgument: a parameter exceeds a limit; nothing was sent.
            NobodyReached: it was created, but not delivered anywhere; `.sent` is the card.
            NotFound: there is no such template.
            AlreadyExists: there already is a card with this id.
        """
        spaces = listed(to)
        robot = setting_of(self.app, "appkey", "robot_code") if robot_code is None else robot_code
        callback_type: CallbackType = "STREAM" if callback_route_key is None else "HTTP"
        fields: dict[str, Any] = {
            "private_data": private_data,
            "callback_type": callback_type,
            "callback_route_key": callback_route_key,
            "user_id_type": user_id_type,
        }
        given = {name: value for name, value in fields.items() if value is not None}
        given |= space_models(spaces) | deliver_models(spaces, robot)
        return self.create_and_deliver.call(
            card_template_id, card_param_map, open_space_id(spaces), out_track_id, **given
        )

    def stream(
        self,
        card_template_id: str,
        to: GroupSpace | RobotSpace,
        **settings: Unpack[StreamSettings],
    ) -> CardStream[Card]:
        """Show an answer on a card while it grows, in a `with` or an `async with` block.

        The card is created and delivered with its first text. If it cannot show the answer, the robot sends it as a
        message.

        Args:
            card_template_id: the template.
            to: a `GroupSpace`, or a `RobotSpace` with a userid.
            settings: the interval of updates and other settings; see `StreamSettings`.

        Raises:
            InvalidArgument: a parameter exceeds a limit; nothing was sent.
        """
        app = self.app or current_app()
        robot = RobotManager(app)

        def say(text: str) -> Flow[object]:
            said, code = SampleText(text), settings.get("robot_code")
            if isinstance(to, GroupSpace):
                return (yield from robot.send_to_group.call(said, to.open_conversation_id, robot_code=code))
            return (yield from send_to_one(robot, said, to.user_id, code))

        return self.using(app).stream_or_say(card_template_id, to, say, settings)

    def stream_or_say(
        self,
        card_template_id: str,
        to: GroupSpace | RobotSpace,
        say: Callable[[str], Steps[object]],
        settings: StreamSettings,
    ) -> CardStream[Card]:
        """Do the same as `stream`, with a custom way to send the answer as a message."""
        key, track = settings.get("key", "content"), settings.get("out_track_id") or new_track_id()
        given = settings.get("card_param_map", {})
        private, route = settings.get("private_data"), settings.get("callback_route_key")

        def create(text: str) -> Call[Card]:
            return self.send.call(
                card_template_id,
                to,
                {**given, key: text},
                out_track_id=track,
                private_data=private,
                callback_route_key=route,
                robot_code=settings.get("robot_code"),
            )

        def stream(text: str, guid: str, complete: bool, failed: bool) -> Call[None]:
            return self.streaming_update.call(
                track, key, text, guid=guid, is_full=True, is_finalize=complete, is_error=failed
            )

        def update(text: str, state: str) -> Call[None]:
            options: CardUpdateOptions = {"update_card_data_by_key": True}
            return self.update.call(track, {key: text, _STATE: state}, card_update_options=options)

        calls = StreamCalls(create, lambda: Card(out_track_id=track).using(self.app), stream, update, say)
        return CardStream(
            self.app,
            track,
            calls,
            interval=settings.get("interval", INTERVAL),
            timeout=settings.get("timeout", TIMEOUT),
            placeholder=settings.get("placeholder"),
            cut_short=settings.get("cut_short", CUT_SHORT),
        )

    @api("card_1_0.CreateCard", "POST /v1.0/card/instances")
    def create(
        self,
        card_template_id: _TemplateId,
        card_param_map: _Params,
        out_track_id: _TrackId | None = None,
        **fields: Unpack[CardFields],
    ) -> Call[Card]:
        """Create a card, to deliver it later (创建卡片).

        Args:
            card_template_id: the template.
            card_param_map: the parameters of the template.
            out_track_id: an id of your own; by default a new one.
            fields: see `CardFields`.

        Raises:
            NotFound: there is no such template.
            AlreadyExists: there already is a card with this id.

        Source: interface-for-creating-a-card-instance
        """
        track = out_track_id or new_track_id()
        return Call(
            str,
            "result",
            card_template_id=card_template_id,
            card_param_map=card_param_map,
            out_track_id=track,
            **fields,
        ).then(lambda _: Card(out_track_id=track, card_template_id=card_template_id))

    @api("card_1_0.CreateAndDeliver", "POST /v1.0/card/instances/createAndDeliver")
    def create_and_deliver(
        self,
        card_template_id: _TemplateId,
        card_param_map: _Params,
        open_space_id: _OpenSpaceId,
        out_track_id: _TrackId | None = None,
        **fields: Unpack[SendingFields],
    ) -> Call[Card]:
        """Create a card and deliver it; `send` is easier (创建并投放卡片).

        Args:
            card_template_id: the template.
            card_param_map: the parameters of the template.
            open_space_id: the spaces: `dtv1.card//IM_GROUP.cid…;IM_ROBOT.user1`.
            out_track_id: an id of your own; by default a new one.
            fields: see `SendingFields`.

        Raises:
            NotFound: there is no such template.
            AlreadyExists: there already is a card with this id.

        Source: create-and-deliver-cards
        """
        track = out_track_id or new_track_id()
        return Call(
            _Sent,
            "result",
            card_template_id=card_template_id,
            card_param_map=card_param_map,
            open_space_id=open_space_id,
            out_track_id=track,
            **fields,
        ).then(
            lambda sent: somebody(
                Card(out_track_id=track, card_template_id=card_template_id, deliveries=sent.deliver_results).using(
                    self.app
                ),
                SPACES,
            )
        )

    @api("card_1_0.DeliverCard", "POST /v1.0/card/instances/deliver")
    def deliver(
        self,
        out_track_id: _TrackId,
        open_space_id: _OpenSpaceId,
        **fields: Unpack[DeliveryFields],
    ) -> Call[Card]:
        """Deliver an existing card; `card.deliver` is easier (投放卡片).

        Args:
            out_track_id: the card.
            open_space_id: the spaces: `dtv1.card//IM_GROUP.cid…;IM_ROBOT.user1`.
            fields: the delivery to each kind of space; see `DeliveryFields`.

        Returns:
            The card, with the spaces that this delivery reached, and the reasons why it did not reach others.

        Raises:
            NobodyReached: it was not delivered anywhere.
            NotFound: there is no such card.

        Source: delivery-card-interface
        """
        return Call(list[CardDelivery], "result").then(
            lambda made: somebody(Card(out_track_id=out_track_id, deliveries=made).using(self.app), SPACES)
        )

    @api("card_1_0.UpdateCard", "PUT /v1.0/card/instances")
    def update(
        self,
        out_track_id: _TrackId,
        card_param_map: Annotated[CardParams | None, wire(_WIRE)] = None,
        *,
        private_data: PrivateParams | None = None,
        card_update_options: CardUpdateOptions | None = None,
        user_id_type: UserIdType | None = None,
    ) -> Call[None]:
        """Change the parameters of a card (更新卡片).

        Args:
            out_track_id: the card.
            card_param_map: the parameters of the template.
            private_data: parameters for single users, by userid.
            card_update_options: whether to change only the given parameters; by default, all are replaced.
            user_id_type: 1 if users are given by userid (the default), 2 if by union id.

        Raises:
            InvalidArgument: neither `card_param_map` nor `private_data` is given.
            NotFound: there is no such card.

        Source: interactive-card-update-interface
        """
        if card_param_map is None and private_data is None:
            raise Refusal("card_param_map", "or private_data is needed / card_param_map 与 private_data 至少传一个")
        return Call(None)

    @api("card_1_0.AppendSpace", "PUT /v1.0/card/instances/spaces")
    def append_space(
        self,
        out_track_id: _TrackId,
        *,
        im_group_open_space_model: ImSpaceModel | None = None,
        im_robot_open_space_model: ImSpaceModel | None = None,
        top_open_space_model: TopSpaceModel | None = None,
        co_feed_open_space_model: FeedSpaceModel | None = None,
    ) -> Call[None]:
        """Add or change the settings of a card for kinds of space (新增或者更新卡片的场域信息).

        Args:
            out_track_id: the card.
            im_group_open_space_model: the settings for a group.
            im_robot_open_space_model: the settings for the chat with the robot.
            top_open_space_model: the settings for the top of a group.
            co_feed_open_space_model: the settings for 协作.

        Raises:
            InvalidRequest: no kind of space is given.
            NotFound: there is no such card.

        Source: add-field-interface
        """
        return Call(None)

    @api("card_1_0.CloseTopCard", "POST /v1.0/card/tops/close?outTrackId&openConversationId")
    def close_top(
        self, out_track_id: _TrackId, open_conversation_id: Annotated[str, Field(min_length=1)]
    ) -> Call[None]:
        """Remove a card from the top of a group (关闭吊顶卡片).

        Args:
            out_track_id: the card.
            open_conversation_id: the group.

        Raises:
            NotFound: there is no such card.

        Source: api-closetopcard
        """
        return Call(None)

    @api(
        "card_1_0.RegisterCallback",
        "POST /v1.0/card/callbacks/register",
        Old(
            "dingtalk.oapi.im.chat.scencegroup.interactivecard.callback.register",
            callbackRouteKey="callback_route_key",
            forceUpdate="force_update",
        ),
    )
    def register_callback(
        self,
        callback_route_key: Annotated[str, Field(min_length=1)],
        callback_url: Annotated[str, Field(min_length=1)],
        *,
        api_secret: Hiding | None = None,
        force_update: bool | None = None,
    ) -> Call[CardCallback]:
        """Register the address for clicks on cards by HTTP (注册卡片回调地址).

        Args:
            callback_route_key: the name of the route, which cards refer to.
            callback_url: the address.
            api_secret: the secret that the platform signs clicks with.
            force_update: whether to replace the address of an existing route.

        Raises:
            AlreadyExists: the route exists, and `force_update` is not set.

        Source: register-card-callback-address
        """
        return Call(CardCallback, "result")

    @api("card_1_0.StreamingUpdate", "PUT /v1.0/card/streaming")
    def streaming_update(
        self,
        out_track_id: _TrackId,
        key: Annotated[str, Field(min_length=1)],
        content: Annotated[str, Field(min_length=1)],
        *,
        guid: Annotated[str, Field(min_length=1)] | None = None,
        is_full: bool = True,
        is_finalize: bool = False,
        is_error: bool = False,
    ) -> Call[None]:
        """Change a parameter of an AI card while its text grows; `stream` is easier (AI卡片流式更新).

        Args:
            out_track_id: the card.
            key: the parameter.
            content: its text.
            guid: an id of this call. Two calls with the same id count as one. By default a new one.
            is_full: whether the content is the whole text, as a Markdown parameter needs, or is appended.
            is_finalize: whether this is the last update, which completes the card.
            is_error: whether to show that the text failed.

        Raises:
            PermissionDenied: the app lacks the scope `Card.Streaming.Write`.
            InvalidRequest: there is no such card, or the content is too large.

        Source: api-streamingupdate
        """
        return Call(
            None,
            out_track_id=out_track_id,
            guid=guid or str(uuid.uuid4()),
            key=key,
            content=content,
            is_full=is_full,
            is_finalize=is_finalize,
            is_error=is_error,
        )


class Card(Model):
    """An interactive card (互动卡片): `Card.send(template_id, GroupSpace("cid…"), {"title": "…"})`."""

    objects: ClassVar[CardManager] = CardManager()
    send = objects.send
    create = objects.create
    stream: ClassVar = objects.stream

    out_track_id: str
    card_template_id: str | None = None
    deliveries: list[CardDelivery] = []
    """The result of the delivery to each space."""

    @property
    def reached(self) -> list[str]:
        """The spaces it was delivered to: openConversationIds and ids of users."""
        return list(dict.fromkeys(each.space_id or "?" for each in self.deliveries if each.success is not False))

    @property
    def not_reached(self) -> dict[str, str]:
        """The spaces it was not delivered to, with the reasons."""
        return {
            each.space_id or "?": each.error_msg or WHY[SPACES] for each in self.deliveries if each.success is False
        }

    @operation
    def update(
        self,
        card_param_map: CardParams | None = None,
        *,
        private_data: PrivateParams | None = None,
        by_key: bool = True,
        user_id_type: Literal[1, 2] | None = None,
    ) -> Call[None]:
        """Change its parameters.

        Args:
            card_param_map: the changed parameters.
            private_data: parameters for single users, by userid.
            by_key: whether to keep the other parameters; otherwise these replace all.
            user_id_type: 1 if users are given by userid (the default), 2 if by union id.
        """
        return self.objects.update.call(
            self.out_track_id,
            card_param_map,
            private_data=private_data,
            card_update_options={"update_card_data_by_key": by_key, "update_private_data_by_key": by_key},
            user_id_type=user_id_type,
        )

    @operation
    def deliver(
        self, to: CardSpaces, *, robot_code: str | None = None, user_id_type: UserIdType | None = None
    ) -> Flow[Card]:
        """Deliver it to more spaces, of kinds that were set at its creation or by `append_space`.

        Args:
            to: a `GroupSpace`, `RobotSpace`, `SingleSpace` or `TopSpace`, or a list of these.
            robot_code: the robot, if it is not the app's own.
            user_id_type: 1 if users are given by userid (the default), 2 if by union id.

        Returns:
            This card, with the new deliveries added to its `deliveries`.

        Raises:
            NobodyReached: it was delivered to none of them.
        """
        spaces = listed(to)
        robot = setting_of(self.app, "appkey", "robot_code") if robot_code is None else robot_code
        given: dict[str, Any] = deliver_models(spaces, robot) | (
            {} if user_id_type is None else {"user_id_type": user_id_type}
        )
        deliver = self.objects.deliver.call(self.out_track_id, open_space_id(spaces), **given)

        def flow() -> Flow[Card]:
            made = yield from deliver
            self.hold({"deliveries": [*self.deliveries, *made.deliveries]})
            return self

        return flow()

    @operation
    def append_space(self, to: CardSpaces) -> Call[None]:
        """Add settings for more kinds of space, so that it can be delivered there.

        Args:
            to: a space of each kind.
        """
        return self.objects.append_space.call(self.out_track_id, **space_models(listed(to)))

    @operation
    def close_top(self, open_conversation_id: str) -> Call[None]:
        """Remove it from the top of a group.

        Args:
            open_conversation_id: the group.
        """
        return self.objects.close_top.call(self.out_track_id, open_conversation_id)


def new_track_id() -> str:
    """Make an id for a new card."""
    return f"card-{uuid.uuid4().hex}"
