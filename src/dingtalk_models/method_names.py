from typing import Literal

MethodName = Literal["dingtalk.oapi.v2.department.get"]
