"""CloudWatch's embedded metric format (EMF) as a JSON schema.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from typing import Any

from jsonschema import Draft202012Validator

PREFIXES = ("", "Kilo", "Mega", "Giga", "Tera")
SIZES = [f"{prefix}{unit}".capitalize() for unit in ("bytes", "bits") for prefix in PREFIXES]
UNITS = ["Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None"]
UNITS += [*SIZES, *(f"{size}/Second" for size in SIZES)]


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": required | optional,
        "additionalProperties": False,
    }


def _array(items: dict[str, Any], fewest: int, most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": fewest, "maxItems": most}


_METRIC = _object({"Name": _text(1024)}, Unit={"enum": UNITS}, StorageResolution={"enum": [1, 60]})
_DIRECTIVE = _object(
    {
        "Namespace": _text(1024),
        "Dimensions": {"type": "array", "minItems": 1, "items": _array(_text(250), 0, 30)},
        "Metrics": _array(_METRIC, 1, 100),
    }
)
_METADATA = _object(
    {
        "Timestamp": {"type": "integer", "minimum": 1_700_000_000_000},  # milliseconds
        "CloudWatchMetrics": {"type": "array", "minItems": 1, "items": _DIRECTIVE},
    }
)
_DOCUMENT = Draft202012Validator(
    {"type": "object", "required": ["_aws"], "properties": {"_aws": _METADATA}}
)


def validate_emf(line: dict[str, Any]) -> None:
    """Raise ValidationError, or AssertionError if a dimension or metric has no valid value."""
    _DOCUMENT.validate(line)
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for name in {name for names in directive["Dimensions"] for name in names}:
            assert isinstance(line.get(name), str), f"dimension {name}"
            assert 0 < len(line[name]) <= 1024, f"dimension {name}"
        for metric in directive["Metrics"]:
            values = line.get(metric["Name"])
            values = values if isinstance(values, list) else [values]
            assert 0 < len(values) <= 100, f"metric {metric['Name']}"
            numbers = [value for value in values if type(value) in (int, float)]
            assert numbers == values, f"metric {metric['Name']}"
