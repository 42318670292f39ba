"""format=flowed text (RFC 3676), made whole."""

from __future__ import annotations


def unflow(text: str, *, delsp: bool = False) -> str:
    """Join the lines that a soft break (a blank at the end) divided, and drop the stuffed blanks.

    `delsp`: the blank of the break is no part of the text. Lines of one quote depth join only with each other,
    and the signature's `-- ` line joins with none. Linear.
    """
    out: list[str] = []
    flow: list[str] = []
    flow_depth = 0
    for line in text.split("\n"):
        rest = line.lstrip(">") if line.startswith(">") else line
        depth = len(line) - len(rest)
        if rest.startswith(" "):
            rest = rest[1:]
        signature = rest == "-- "
        if flow and (depth != flow_depth or signature):
            out.append(_whole(flow_depth, flow))
            flow = []
        if rest.endswith(" ") and not signature:
            flow.append(rest[:-1] if delsp else rest)
            flow_depth = depth
        else:
            flow.append(rest)
            out.append(_whole(depth, flow))
            flow = []
    if flow:
        out.append(_whole(flow_depth, flow))
    return "\n".join(out)


def _whole(depth: int, flow: list[str]) -> str:
    text = flow[0] if len(flow) == 1 else "".join(flow)
    return ">" * depth + " " + text if depth else text
