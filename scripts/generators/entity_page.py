"""docs/reference/entities.md: the objects of `app.platform` that have methods, in both languages at once."""

from __future__ import annotations

from generators.marked import row
from generators.platform import entities
from generators.platform.entities import Row

HEAD = (
    "管理器 manager",
    "对象 objects",
    "管理器的方法 its methods",
    "对象的方法 their methods",
    "记住的参数 remembered",
)
INTRODUCTION = """\
文档表明可以读取、修改或删除的东西，除了平铺的方法，还有管理器和带方法的对象，
见[示例](../zh/products.md#带方法的对象)。对象知道自己的 id，也记住加载它的调用带有的参数。
手工创建的对象用 `.knowing(…)` 补上，否则 `FieldMissing` 会说缺了哪一个。

Where the documents show how a thing is read, changed or deleted, there are a manager and objects with methods, beside
the flat methods: [example](../products.md#objects-with-methods-对象). An object knows its id, and remembers what the
call that loaded it was given. One that is made by hand is given this with `.knowing(…)`; without it, `FieldMissing`
says what is missing."""


def page() -> str:
    """The page."""
    table = entities.rows()
    products = {each.product for each in table}
    return (
        "\n\n".join(
            [
                "# 带方法的对象 Objects with methods",
                f"{len(table)} 种对象 kinds · {len(products)} 个产品 products · [接口手册 reference](index.md)",
                INTRODUCTION,
                f"{row(*HEAD)}{row(*['---'] * len(HEAD))}{''.join(map(_row, table))}".rstrip(),
            ]
        )
        + "\n"
    )


def _row(each: Row) -> str:
    methods = [*each.gained, *(role for role in ("update", "delete") if role in each.roles), *each.lists]
    return row(
        f"`{each.product}.{each.manager}`",
        f"{each.title} {'、'.join(f'`{name}`' for name in each.classes)}",
        "、".join(f"[`{role}`]({each.product}.md#{name})" for role, name in each.roles.items()),
        "、".join(f"`{name}`" for name in methods),
        "、".join(f"`{name}`" for name in each.remembers),
    )
