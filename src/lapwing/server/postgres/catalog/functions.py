"""PostgreSQL's functions over its catalogs, as macros of the engine; each is called `pg__` and its name there.

A macro's arguments are put in as they are written, so its own tables have names that no caller has.
"""

from __future__ import annotations

PREFIX = "pg__"
_TRUE = (
    "pg_table_is_visible(o)", "pg_type_is_visible(o)", "pg_function_is_visible(o)", "pg_collation_is_visible(o)",
    "pg_opclass_is_visible(o)", "pg_opfamily_is_visible(o)", "pg_operator_is_visible(o)", "pg_conversion_is_visible(o)",
    "pg_statistics_obj_is_visible(o)", "pg_ts_config_is_visible(o)", "pg_ts_dict_is_visible(o)", "pg_ts_parser_is_visible(o)",
    "pg_ts_template_is_visible(o)", "pg_is_in_recovery()",
)  # fmt: skip
_NULL = (
    "pg_get_expr(a, b := 0, c := false)", "pg_get_indexdef(a, b := 0, c := false)",
    "pg_get_constraintdef(a, b := false)", "pg_get_ruledef(a, b := false)",
    "pg_get_triggerdef(a, b := false)", "pg_get_function_sqlbody(a)", "pg_get_functiondef(a)", "pg_get_function_result(a)",
    "pg_get_function_arguments(a)", "pg_get_function_identity_arguments(a)", "pg_get_partkeydef(a)",
    "pg_get_statisticsobjdef_columns(a)", "pg_get_serial_sequence(a, b)", "shobj_description(a, b := '')",
    "pg_tablespace_location(a)", "pg_relation_filenode(a)", "pg_last_xact_replay_timestamp()",
)  # fmt: skip
_PRIVILEGES = ("table", "schema", "database", "any_column", "column", "sequence", "function", "type", "server",
               "tablespace", "language")  # fmt: skip
_READING = """NOT regexp_matches(lower(coalesce(nullif(d, ''), nullif(CAST(c AS VARCHAR), ''), CAST(b AS VARCHAR))),
    'insert|update|delete|truncate|create|trigger|references|temp')"""
"""Whether what the last argument names is more than to read."""
_OWN = {
    "format_type(o, m)": """
        CASE WHEN o IS NULL THEN NULL ELSE coalesce((
            SELECT zt.shown || CASE WHEN o = 1700 AND m >= 4
                THEN '(' || ((m - 4) >> 16)::VARCHAR || ',' || ((m - 4) & 65535)::VARCHAR || ')' ELSE '' END
            FROM pg__types AS zt WHERE zt.oid = o), '???') END""",
    "pg_get_viewdef(a, b := false)": "''",  # a dataset is no SELECT
    "pg_get_userbyid(o)": "'lapwing'",
    "obj_description(o, c := '')": "(SELECT zd.description FROM pg_description AS zd WHERE zd.objoid = o AND zd.objsubid = 0)",
    "col_description(o, n)": "(SELECT zd.description FROM pg_description AS zd WHERE zd.objoid = o AND zd.objsubid = n)",
    "to_regclass(t)": "pg__regclass(t)",
    "to_regtype(t)": "(SELECT zx.oid FROM pg__types AS zx WHERE zx.shown = lower(t) OR zx.typname = lower(t) LIMIT 1)",
    "to_regnamespace(t)": "(SELECT zn.oid FROM pg_namespace AS zn WHERE zn.nspname = t)",
    "pg_encoding_to_char(n)": "'UTF8'",
    "array_to_string(l, s, n := NULL)": "list_aggregate(list_filter(l, lambda x: x IS NOT NULL), 'string_agg', s)",
    "pg_relation_size(o, f := '')": "0::BIGINT",
    "pg_total_relation_size(o)": "0::BIGINT",
    "pg_table_size(o)": "0::BIGINT",
    "pg_indexes_size(o)": "0::BIGINT",
    "pg_database_size(o)": "0::BIGINT",
    "pg_tablespace_size(o)": "0::BIGINT",
    "pg_size_pretty(n)": "n::VARCHAR || ' bytes'",
    "pg_stat_get_numscans(o)": "0::BIGINT",
    "pg_relation_is_publishable(o)": "false",
    "pg_relation_is_updatable(o, b := false)": "0",
    "pg_column_is_updatable(o, n, b := false)": "false",
    "pg_is_other_temp_schema(o)": "false",
    "pg_my_temp_schema()": "0::BIGINT",
    "pg_has_role(a, b, c := '')": "true",
    "pg_char_to_encoding(t)": "6",
    "pg_is_wal_replay_paused()": "false",
    "string_to_array(t, s, n := NULL)": "string_split(t, s)",
    "parse_ident(t, b := true)": "list_transform(string_split(t, '.'), lambda x: trim(x, '\"'))",
    "quote_ident(t)": "CASE WHEN regexp_full_match(t, '[a-z_][a-z0-9_]*') THEN t"
    " ELSE '\"' || replace(t, '\"', '\"\"') || '\"' END",
    "quote_literal(t)": "'''' || replace(t, '''', '''''') || ''''",
    "pg_postmaster_start_time()": "TIMESTAMPTZ '2000-01-01 00:00:00+00'",
    "txid_current()": "1::BIGINT",
    "inet_server_addr()": "NULL::VARCHAR",
    "inet_server_port()": "NULL::INTEGER",
    "array_lower(l, n)": "CASE WHEN len(l) > 0 THEN 1 END",
    "array_upper(l, n)": "CASE WHEN len(l) > 0 THEN len(l) END",
    "_pg_expandarray(l)": "{'n': 1, 'x': list_extract(l, 1)}",
    "pg_try_advisory_lock(a, b := 0)": "true",
    "pg_advisory_lock(a, b := 0)": "NULL",
    "pg_advisory_unlock(a, b := 0)": "true",
    "pg_advisory_unlock_all()": "NULL",
}
MACROS = {
    **dict.fromkeys(_TRUE, "true"),
    **dict.fromkeys(_NULL, "NULL::VARCHAR"),
    **{f"has_{kind}_privilege(a, b, c := '', d := '')": _READING for kind in _PRIVILEGES},
    **_OWN,
}

NAMES = frozenset(head.partition("(")[0] for head in MACROS)

_REGCLASS = """
CREATE MACRO pg__regclass(t) AS (
    SELECT min(zc.oid) FROM pg_class AS zc JOIN pg_namespace AS zn ON zn.oid = zc.relnamespace
    WHERE CAST(zc.oid AS VARCHAR) = t OR replace(t, '"', '') IN (zc.relname, zn.nspname || '.' || zc.relname)
)"""
_SYSTEM = """
CREATE MACRO pg__class_name(o) AS coalesce((
    SELECT pg__quote_ident(zn.nspname) || '.' || pg__quote_ident(zc.relname)
    FROM pg_class AS zc JOIN pg_namespace AS zn ON zn.oid = zc.relnamespace WHERE zc.oid = o
), CAST(o AS VARCHAR))"""


def macros() -> list[str]:
    """The statements that make them, in their order. They need the catalogs, and `pg__types` (oid, typname, shown)."""
    plain = [f"CREATE MACRO {PREFIX}{head} AS {body}" for head, body in MACROS.items() if "to_reg" not in head]
    last = [f"CREATE MACRO {PREFIX}{head} AS {body}" for head, body in MACROS.items() if "to_reg" in head]
    return [_REGCLASS, *plain, *last, _SYSTEM]
