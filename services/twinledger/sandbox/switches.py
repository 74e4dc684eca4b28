"""Sandbox: the register of unverified facts. Each is a named switch with a default and its sheet section.

A vendor declares its switches when it is built; `--switch NAME=VALUE` and `PUT /switches` move them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Switch", "SwitchError", "Switches"]

Value = bool | str | int


class SwitchError(ValueError):
    """An unknown switch or a value it cannot take."""


@dataclass(frozen=True, slots=True)
class Switch:
    """`name` is `<system>.<fact>`; the type of `default` is the type of the switch."""

    name: str
    default: Value
    sheet: str
    about: str
    choices: tuple[Value, ...] = ()


class Switches:
    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        self._declared: dict[str, Switch] = {}
        self._values: dict[str, Value] = {}
        self._pending = dict(overrides or {})
        self.version = 0  # grows with every change: what was rendered under another setting is stale

    def declare(self, *switches: Switch) -> None:
        for switch in switches:
            self._declared[switch.name] = switch
            self._values.setdefault(switch.name, switch.default)
            if switch.name in self._pending:
                self.set(switch.name, self._pending.pop(switch.name))

    def get(self, name: str) -> Value:
        return self._values[name]

    def on(self, name: str) -> bool:
        return bool(self._values[name])

    def set(self, name: str, value: Value) -> None:
        switch = self._declared.get(name)
        if switch is None:
            raise SwitchError(f"no switch named {name!r}")
        parsed = _parse(switch, value)
        if switch.choices and parsed not in switch.choices:
            raise SwitchError(f"{name} takes one of {', '.join(map(str, switch.choices))}")
        self._values[name] = parsed
        self.version += 1

    def unknown(self) -> list[str]:
        """Overrides given on the command line that no vendor declared."""
        return sorted(self._pending)

    def rows(self) -> list[dict[str, Any]]:
        return [
            {
                "name": switch.name,
                "default": switch.default,
                "value": self._values[switch.name],
                "choices": list(switch.choices)
                or ([True, False] if isinstance(switch.default, bool) else []),
                "sheet": switch.sheet,
                "about": switch.about,
            }
            for switch in sorted(self._declared.values(), key=lambda each: each.name)
        ]

    def dump(self) -> Any:
        return dict(self._values)

    def load(self, state: Any) -> None:
        for name, value in state.items():
            if name in self._declared:
                self._values[name] = value
        self.version += 1


def _parse(switch: Switch, value: Value) -> Value:
    if isinstance(switch.default, bool):
        text = str(value).lower()
        if text not in {"true", "false", "on", "off", "1", "0", "yes", "no"}:
            raise SwitchError(f"{switch.name} is true or false, not {value!r}")
        return text in {"true", "on", "1", "yes"}
    if isinstance(switch.default, int):
        try:
            return int(value)
        except ValueError as exc:
            raise SwitchError(f"{switch.name} is a number, not {value!r}") from exc
    return str(value)
