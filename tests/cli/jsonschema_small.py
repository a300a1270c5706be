# SPDX-License-Identifier: GPL-2.0-only
"""The part of JSON Schema that ours use: type, const, enum, properties, required, items, prefixItems, minimum, additionalProperties, $ref."""

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
KNOWN = {"$schema", "$id", "$defs", "$ref", "title", "description", "type", "const", "enum", "properties", "required", "items",
         "prefixItems", "minimum", "additionalProperties"}


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def faults(value, schema, root=None, path="$"):
    root = root or schema
    unknown = set(schema) - KNOWN
    if unknown:
        yield f"{path}: the schema asks for {unknown}, which nobody checks"
    if "$ref" in schema:
        yield from faults(value, root["$defs"][schema["$ref"].split("/")[-1]], root, path)
        return
    types = schema.get("type")
    if types and not any(is_type(value, t) for t in ([types] if isinstance(types, str) else types)):
        yield f"{path}: {str(value)[:60]!r} is not {types}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{path}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    if "minimum" in schema and value is not None and value < schema["minimum"]:
        yield f"{path}: {value} is below {schema['minimum']}"
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for key in schema.get("required", ()):
            if key not in value:
                yield f"{path}: no {key}"
        for key, item in value.items():
            if key in known:
                yield from faults(item, known[key], root, f"{path}.{key}")
            elif schema.get("additionalProperties") is False:
                yield f"{path}: {key} is not in the schema"
    if isinstance(value, list):
        first = schema.get("prefixItems", [])
        for i, item in enumerate(value):
            if i < len(first):
                yield from faults(item, first[i], root, f"{path}[{i}]")
            elif "items" in schema:
                yield from faults(item, schema["items"], root, f"{path}[{i}]")
