"""Values that look like credentials, and inputs full of them. Each is put together when it is asked for, never written.

None of them opens anything: they have the shape, and nothing else.
"""

import base64
import hashlib
import html
import json
import re
from typing import Any


def random_text(seed: str, length: int, alphabet: str = "") -> str:
    """Characters without a pattern, always the same for a seed."""
    found, count = "", 0
    while len(found) < length:
        found += base64.b64encode(hashlib.sha512(f"{seed}{count}".encode()).digest()).decode().rstrip("=")
        found = re.sub(r"[^A-Za-z0-9]", "", found) if not alphabet else "".join(c for c in found if c in alphabet)
        count += 1
    return found[:length]


UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# By their shape, wherever they stand.
SHAPED = {
    "access key": "AK" + "IA" + random_text("a", 16, UPPER),
    "session key": "AS" + "IA" + random_text("s", 16, UPPER),
    "secret key": random_text("k", 40),
    "private key": "-----BEGIN "
    + "RSA PRIVATE KEY-----\n"
    + random_text("p", 64)
    + "\n-----END "
    + "RSA PRIVATE KEY-----",
    "github": "gh" + "p_" + random_text("g", 36),
    "github fine": "github" + "_pat_" + random_text("f", 60),
    "gitlab": "gl" + "pat-" + random_text("l", 20),
    "slack": "xo" + "xb-" + random_text("x", 30),
    "slack hook": "hooks.slack" + ".com/services/T" + random_text("h", 24),
    "stripe": "sk_" + "live_" + random_text("st", 24),
    "jwt": "ey" + "J" + random_text("j", 30) + ".ey" + "J" + random_text("w", 60) + "." + random_text("t", 43),
    "url": "postgres://app:" + random_text("u", 12) + "@",
    "google": "AI" + "za" + random_text("go", 35),
    "sendgrid": "SG" + "." + random_text("sg", 22) + "." + random_text("sh", 43),
}
# By the name, the schema, a plan's mark or a variable that they stand under: words that nobody would take for one.
NAMED = {
    name: f"{word}-{random_text(word, 4)}"
    for name, word in {
        "environment": "marmalade",
        "master": "orangutan",
        "parameter": "umbrella",
        "version": "teaspoon",
        "pair": "lighthouse",
        "script": "snowflake",
        "document": "pineapple",
        "marked": "bicycle",
        "variable": "waterfall",
        "default": "candlestick",
    }.items()
}


def in_every_place(shaped: str) -> dict[str, Any]:
    """A configuration that fails policies at each value: `shaped` in texts, and what NAMED has where it belongs."""
    script = f"#!/bin/sh\nexport DB_PASSWORD='{NAMED['script']}'\ncurl {shaped}x\n"
    containers = json.dumps([{"environment": [{"name": "DB_PASSWORD", "value": NAMED["document"]}]}])
    return {
        "variable": {"given": {"default": NAMED["variable"], "sensitive": True}},
        "provider": {"aws": {"region": "us-east-1", "default_tags": {"tags": {"Application": shaped}}}},
        "resource": {
            "aws_launch_template": {
                "web": {
                    "name": shaped,
                    "description": shaped,
                    "user_data": script,
                    "tags": {"Name": shaped, shaped: "x"},
                },
                "keys": {"for_each": {shaped: "x"}, "name": "x", "user_data": "${var.given}"},
            },
            "aws_lambda_function": {
                "rotate": {
                    "function_name": f"f {shaped}",
                    "description": f"see {NAMED['environment']}",
                    "role": shaped,
                    "environment": {
                        "variables": {"DB_PASSWORD": NAMED["environment"], "PLAIN": shaped, "V": "${var.given}"}
                    },
                }
            },
            "aws_db_instance": {"main": {"engine": "mysql", "password": NAMED["master"], "identifier": shaped}},
            "aws_rds_cluster": {"main": {"engine": "aurora-mysql", "master_password": NAMED["master"]}},
            "aws_ssm_parameter": {"p": {"name": "/p", "type": "String", "value": NAMED["parameter"]}},
            "aws_secretsmanager_secret_version": {"v": {"secret_id": "x", "secret_string": NAMED["version"]}},
            "aws_cloudwatch_log_group": {"g": {"name": f"g-{shaped}", "tags": {"api_token": NAMED["pair"]}}},
            "aws_cloudfront_distribution": {
                "d": {
                    "comment": shaped,
                    "origin": {
                        "origin_id": shaped,
                        "domain_name": shaped,
                        "custom_header": {"name": "x-api-key", "value": NAMED["pair"]},
                    },
                }
            },
            "aws_ecs_task_definition": {"t": {"family": shaped, "container_definitions": containers}},
            "aws_s3_bucket": {"b": {"bucket": f"logs-{shaped}"}},
            "aws_lb": {"l": {"name": shaped}},
            "aws_lb_listener_rule": {
                "r": {"condition": {"http_header": {"http_header_name": "x", "values": [shaped]}}}
            },
        },
    }


def plan(shaped: str) -> dict[str, Any]:
    """The same as a plan has it, with a value that only the plan's marks call sensitive, and instance keys."""
    resources = []
    for type_, many in in_every_place(shaped)["resource"].items():
        for name, body in many.items():
            values = {key: value for key, value in body.items() if key != "for_each"}
            values["description"] = NAMED["marked"]
            resources.append(
                {
                    "address": f'{type_}.{name}["{shaped}"]' if "\n" not in shaped else f"{type_}.{name}",
                    "mode": "managed",
                    "type": type_,
                    "name": name,
                    "index": shaped,
                    "values": values,
                    "sensitive_values": {"description": True},
                }
            )
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": [],
    }


def plain(text: str) -> str:
    """A text without what formats put around characters: escapes of JSON, Markdown, HTML and workflow commands."""
    for _ in range(3):
        text = html.unescape(text)
        text = text.replace("\\n", "\n").replace("%0A", "\n").replace("%3A", ":").replace("%25", "%").replace("\\", "")
    return text


def leaked(text: str, planted: dict[str, str]) -> list[str]:
    """Which of the planted values stand in a text, or half of one that is long."""
    shown = plain(text)
    return [
        name for name, value in planted.items() if plain(value) in shown or (value[-24:] in shown and len(value) > 30)
    ]
