"""Judges Kubernetes objects strictly. Arguments: directory of CRDs (may be empty), versions of Kubernetes, comma
separated, then pairs of shown name and file. Prints one JSON object a line: {"judged": ...}, {"offence": ...} or
{"left_out": ...}.

Only what schemas say is judged: rules in CEL need an API server."""

import functools
import glob
import importlib.resources
import json
import os
import re
import sys

import jsonschema
import yaml
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
# Configuration of programs in the clothes of an object: nobody publishes a schema of these.
CONFIGURATION = re.compile(r"^(kubeadm\.k8s\.io|audit\.k8s\.io|client\.authentication\.k8s\.io|.*\.config\.k8s\.io)$")


class Loader(yaml.CSafeLoader):
    """YAML as the API server reads it: dates stay text, and a key that is given twice is an error."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def mapping(loader, node):
    loader.flatten_mapping(node)
    result = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is not text", key_node.start_mark)
        if key in result:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
        result[key] = loader.construct_object(value_node, deep=True)
    return result


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)


def say(kind, **fields):
    print(json.dumps({kind: fields}, sort_keys=True))


# Kubernetes' own kinds


@functools.cache
def schema_directory(version):
    directory = importlib.resources.files("kubernetes_validate") / "kubernetes-json-schema"
    found = sorted(path for path in glob.glob(f"{directory}/v{version}.*-local-strict"))
    if not found:
        sys.exit(f"no schemas of Kubernetes {version}")
    return found[-1]


@functools.cache
def definitions(version):
    with open(f"{schema_directory(version)}/_definitions.json") as file:
        return json.load(file)


@functools.cache
def own_validator(version, group, api_version, kind):
    stem = group.split(".")[0] + "-" if group else ""
    try:
        with open(f"{schema_directory(version)}/{kind.lower()}-{stem}{api_version}.json") as file:
            schema = json.load(file)
    except FileNotFoundError:
        return None
    # Files are named by the first part of the group only; what is inside says which kind it is.
    known = schema.get("x-kubernetes-group-version-kind", [])
    if known and not any((k["group"], k["version"], k["kind"]) == (group, api_version, kind) for k in known):
        return None
    return jsonschema.Draft202012Validator(schema, registry=registry(version))


@functools.cache
def registry(version):
    contents = DRAFT202012.create_resource(definitions(version))
    names = ["_definitions.json", f"file://{schema_directory(version)}/_definitions.json"]
    for name in (definitions(version).get("$id"), definitions(version).get("id")):
        if name:
            names.append(name)
    return Registry().with_resources((name, contents) for name in names)


# Custom resources


def strict(schema):
    """A structural schema as a strict API server applies it: a field that it would drop is an error."""
    schema = dict(schema)
    properties = {name: strict(value) for name, value in schema.get("properties", {}).items()}
    if schema.get("x-kubernetes-embedded-resource"):
        properties.setdefault("apiVersion", {"type": "string"})
        properties.setdefault("kind", {"type": "string"})
        properties["metadata"] = {"type": "object"}
    if properties:
        schema["properties"] = properties
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = strict(schema["additionalProperties"])
    elif schema.get("type") == "object" and "additionalProperties" not in schema:
        schema["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    if isinstance(schema.get("items"), dict):
        schema["items"] = strict(schema["items"])
    for bound in ("Minimum", "Maximum"):
        exclusive = schema.get("exclusive" + bound)
        if isinstance(exclusive, bool):
            del schema["exclusive" + bound]
            if exclusive:
                schema["exclusive" + bound] = schema.pop(bound.lower())
    if schema.get("x-kubernetes-int-or-string"):
        schema.pop("type", None)
        schema["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if schema.get("nullable") and "type" in schema:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return schema


def list_type(validator, wanted, instance, schema):
    if not isinstance(instance, list) or wanted not in ("set", "map"):
        return
    keys = schema.get("x-kubernetes-list-map-keys", [])
    seen = []
    for item in instance:
        identity = item if wanted == "set" else [item.get(key) for key in keys] if isinstance(item, dict) else item
        if identity in seen:
            yield jsonschema.ValidationError(f"{identity!r} is in the list twice")
        seen.append(identity)


CustomValidator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"x-kubernetes-list-type": list_type}
)


@functools.cache
def definition_texts(directory):
    texts = []
    for path in sorted(glob.glob(f"{directory}/**/*.yaml", recursive=True)):
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    return texts


@functools.cache
def custom_kind(directory, group, api_version, kind):
    """The version of the definition and its scope, or nothing. Only texts that can hold it are parsed: Rook's alone has
    a megabyte."""
    for text in definition_texts(directory):
        for part in text.split("\n---"):
            if f"group: {group}\n" not in part or f"kind: {kind}\n" not in part:
                continue
            definition = yaml.load(part.removeprefix("---"), yaml.CSafeLoader)
            if not isinstance(definition, dict) or definition.get("kind") != "CustomResourceDefinition":
                continue
            spec = definition["spec"]
            if (spec["group"], spec["names"]["kind"]) == (group, kind):
                for version in spec["versions"]:
                    if version["name"] == api_version:
                        return version, spec["scope"]
    return None


def rules(schema):
    """How many CEL rules a schema holds."""
    if isinstance(schema, dict):
        return len(schema.get("x-kubernetes-validations", [])) + sum(rules(value) for value in schema.values())
    if isinstance(schema, list):
        return sum(rules(value) for value in schema)
    return 0


@functools.cache
def custom_validator(directory, key):
    version, _ = custom_kind(directory, *key)
    schema = strict(version["schema"]["openAPIV3Schema"])
    schema["properties"] = dict(schema.get("properties", {}))
    for name in ("apiVersion", "kind"):
        schema["properties"].setdefault(name, {"type": "string"})
    schema["properties"]["metadata"] = {"type": "object"}
    return CustomValidator(schema)


# One object


def judge(document, directory, versions, where):
    if not isinstance(document, dict) or not all(isinstance(document.get(k), str) for k in ("apiVersion", "kind")):
        return say("offence", **where, message="is no Kubernetes object: `apiVersion` and `kind` are missing")
    metadata = document.get("metadata")
    name = metadata.get("name") or metadata.get("generateName") if isinstance(metadata, dict) else None
    where = {**where, "object": f"{document['kind']}/{name or '?'}"}
    if document["kind"] == "List" and isinstance(document.get("items"), list):
        for item in document["items"]:
            judge(item, directory, versions, where)
        return None
    group, _, api_version = document["apiVersion"].rpartition("/")
    key = (group, api_version, document["kind"])
    if CONFIGURATION.match(group):
        return say("left_out", **where, reason=f"{group} publishes no schema; kubeadm judges its own and the kubelet's")
    custom = custom_kind(directory, *key) if directory else None
    if custom:
        version, scope = custom
        say("judged", **where, by="crd")
        if not version["served"]:
            say("offence", **where, message=f"{document['apiVersion']} is not served any more")
        if isinstance(metadata, dict) and scope == "Cluster" and "namespace" in metadata:
            say("offence", **where, at="$.metadata.namespace", message="the kind has no namespace")
        tell(custom_validator(directory, key), document, where)
        meta = {"$ref": f"https://kubernetes.io/api/_definitions.json#/$defs/{META}"}
        tell(jsonschema.Draft202012Validator(meta, registry=registry(versions[-1])), metadata, where, "$.metadata")
        unjudged = rules(version["schema"])
        if unjudged:
            say("left_out", **where, reason=f"{unjudged} rules in CEL need an API server")
        return None
    validators = {version: own_validator(version, *key) for version in versions}
    if not any(validators.values()):
        foreign = "." in group and not group.endswith(".k8s.io")
        if foreign and not directory:
            return say("left_out", **where, reason="no directory of CRDs")
        return say("offence", **where, message=f"no schema knows {document['apiVersion']} {document['kind']}")
    for version, validator in validators.items():
        if validator is None:
            say("offence", **where, version=version, message=f"has no {document['apiVersion']} {document['kind']}")
            continue
        say("judged", **where, by=version)
        tell(validator, document, {**where, "version": version})
    return None


def tell(validator, document, where, at="$"):
    for error in sorted(validator.iter_errors(document), key=lambda error: error.json_path):
        deepest = best_match([error]) or error
        say("offence", **where, at=at + deepest.json_path[1:], message=deepest.message[:500])


def main(directory, versions, *pairs):
    versions = versions.split(",")
    for shown, path in zip(pairs[::2], pairs[1::2]):
        number = 0
        try:
            with open(path, encoding="utf-8") as file:
                for number, document in enumerate(yaml.load_all(file, Loader), 1):
                    if document is not None:
                        judge(document, directory, versions, {"file": shown, "document": number})
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            say("offence", file=shown, document=number + 1, message=" ".join(str(error).split()))


main(*sys.argv[1:])
