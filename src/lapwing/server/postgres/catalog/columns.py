"""The columns of PostgreSQL's catalogs, as many as clients ask for: `name` is text, `name:type` what it says."""

from __future__ import annotations

PG_CATALOG = {
    "pg_namespace": "oid:oid nspname nspowner:oid nspacl:list",
    "pg_class": "oid:oid relname relnamespace:oid reltype:oid reloftype:oid relowner:oid relam:oid relfilenode:oid "
    "reltablespace:oid relpages:int reltuples:float relallvisible:int reltoastrelid:oid relhasindex:bool "
    "relisshared:bool relpersistence relkind relnatts:int relchecks:int relhasrules:bool relhastriggers:bool "
    "relhassubclass:bool relrowsecurity:bool relforcerowsecurity:bool relispopulated:bool relreplident "
    "relispartition:bool relrewrite:oid relhasoids:bool relacl:list reloptions:list relpartbound relfrozenxid:int "
    "relminmxid:int",
    "pg_attribute": "attrelid:oid attname atttypid:oid attstattarget:int attlen:int attnum:int attndims:int "
    "attcacheoff:int atttypmod:int attbyval:bool attstorage attalign attnotnull:bool atthasdef:bool atthasmissing:bool "
    "attidentity attgenerated attisdropped:bool attislocal:bool attinhcount:int attcollation:oid attcompression "
    "attacl:list attoptions:list attfdwoptions:list",
    "pg_type": "oid:oid typname typnamespace:oid typowner:oid typlen:int typbyval:bool typtype typcategory "
    "typispreferred:bool typisdefined:bool typdelim typrelid:oid typelem:oid typarray:oid typinput:oid typoutput:oid "
    "typreceive:oid typsend:oid typmodin:oid typmodout:oid typanalyze:oid typalign typstorage typnotnull:bool "
    "typbasetype:oid typtypmod:int typndims:int typcollation:oid typdefaultbin typdefault typacl:list typsubscript:oid",
    "pg_database": "oid:oid datname datdba:oid encoding:int datlocprovider datistemplate:bool datallowconn:bool "
    "datconnlimit:int dattablespace:oid datcollate datctype daticulocale daticurules datcollversion datacl:list datfrozenxid:int",
    "pg_roles": "oid:oid rolname rolsuper:bool rolinherit:bool rolcreaterole:bool rolcreatedb:bool rolcanlogin:bool "
    "rolreplication:bool rolconnlimit:int rolpassword rolvaliduntil rolbypassrls:bool rolconfig:list",
    "pg_user": "usename usesysid:oid usecreatedb:bool usesuper:bool userepl:bool usebypassrls:bool passwd valuntil "
    "useconfig:list",
    "pg_settings": "name setting unit category short_desc extra_desc context vartype source min_val max_val "
    "enumvals:list boot_val reset_val sourcefile sourceline:int pending_restart:bool",
    "pg_description": "objoid:oid classoid:oid objsubid:int description",
    "pg_tables": "schemaname tablename tableowner tablespace hasindexes:bool hasrules:bool hastriggers:bool "
    "rowsecurity:bool",
    "pg_views": "schemaname viewname viewowner definition",
    "pg_tablespace": "oid:oid spcname spcowner:oid spcacl:list spcoptions:list",
    "pg_am": "oid:oid amname amhandler:oid amtype",
    "pg_collation": "oid:oid collname collnamespace:oid collowner:oid collprovider collisdeterministic:bool "
    "collencoding:int collcollate collctype colliculocale collicurules collversion",
    "pg_stat_activity": "datid:oid datname pid:int leader_pid:int usesysid:oid usename application_name client_addr "
    "client_hostname client_port:int backend_start:moment xact_start:moment query_start:moment state_change:moment "
    "wait_event_type wait_event state backend_xid:int backend_xmin:int query_id:int query backend_type",
    # What follows has no rows: there is no such thing in Lapwing.
    "pg_attrdef": "oid:oid adrelid:oid adnum:int adbin",
    "pg_index": "indexrelid:oid indrelid:oid indnatts:int indnkeyatts:int indisunique:bool indnullsnotdistinct:bool "
    "indisprimary:bool indisexclusion:bool indimmediate:bool indisclustered:bool indisvalid:bool indcheckxmin:bool "
    "indisready:bool indislive:bool indisreplident:bool indkey:ints indcollation:ints indclass:ints indoption:ints "
    "indexprs indpred",
    "pg_indexes": "schemaname tablename indexname tablespace indexdef",
    "pg_constraint": "oid:oid conname connamespace:oid contype condeferrable:bool condeferred:bool convalidated:bool "
    "conrelid:oid contypid:oid conindid:oid conparentid:oid confrelid:oid confupdtype confdeltype confmatchtype "
    "conislocal:bool coninhcount:int connoinherit:bool conkey:ints confkey:ints conpfeqop:ints conppeqop:ints "
    "conffeqop:ints conexclop:ints conbin consrc",
    "pg_trigger": "oid:oid tgrelid:oid tgparentid:oid tgname tgfoid:oid tgtype:int tgenabled tgisinternal:bool "
    "tgconstrrelid:oid tgconstrindid:oid tgconstraint:oid tgdeferrable:bool tginitdeferred:bool tgnargs:int "
    "tgattr:ints tgargs tgqual tgoldtable tgnewtable",
    "pg_proc": "oid:oid proname pronamespace:oid proowner:oid prolang:oid procost:float prorows:float provariadic:oid "
    "prosupport:oid prokind prosecdef:bool proleakproof:bool proisstrict:bool proretset:bool provolatile proparallel "
    "pronargs:int pronargdefaults:int prorettype:oid proargtypes:ints proallargtypes:ints proargmodes:list "
    "proargnames:list proargdefaults protrftypes:ints prosrc probin proconfig:list proacl:list proisagg:bool",
    "pg_aggregate": "aggfnoid:oid aggkind aggnumdirectargs:int aggtransfn:oid",
    "pg_operator": "oid:oid oprname oprnamespace:oid oprowner:oid oprkind oprleft:oid oprright:oid oprresult:oid "
    "oprcode:oid",
    "pg_opclass": "oid:oid opcmethod:oid opcname opcnamespace:oid opcowner:oid opcfamily:oid opcintype:oid "
    "opcdefault:bool opckeytype:oid",
    "pg_cast": "oid:oid castsource:oid casttarget:oid castfunc:oid castcontext castmethod",
    "pg_conversion": "oid:oid conname connamespace:oid conowner:oid conforencoding:int contoencoding:int "
    "conproc:oid condefault:bool",
    "pg_depend": "classid:oid objid:oid objsubid:int refclassid:oid refobjid:oid refobjsubid:int deptype",
    "pg_shdepend": "dbid:oid classid:oid objid:oid objsubid:int refclassid:oid refobjid:oid deptype",
    "pg_inherits": "inhrelid:oid inhparent:oid inhseqno:int inhdetachpending:bool",
    "pg_partitioned_table": "partrelid:oid partstrat partnatts:int partdefid:oid partattrs:ints partclass:ints "
    "partcollation:ints partexprs",
    "pg_policy": "oid:oid polname polrelid:oid polcmd polpermissive:bool polroles:ints polqual polwithcheck",
    "pg_policies": "schemaname tablename policyname permissive roles:list cmd qual with_check",
    "pg_publication": "oid:oid pubname pubowner:oid puballtables:bool pubinsert:bool pubupdate:bool pubdelete:bool "
    "pubtruncate:bool pubviaroot:bool",
    "pg_publication_rel": "oid:oid prpubid:oid prrelid:oid prqual prattrs:ints",
    "pg_publication_namespace": "oid:oid pnpubid:oid pnnspid:oid",
    "pg_statistic_ext": "oid:oid stxrelid:oid stxname stxnamespace:oid stxowner:oid stxstattarget:int stxkeys:ints "
    "stxkind:list stxexprs",
    "pg_rewrite": "oid:oid rulename ev_class:oid ev_type ev_enabled is_instead:bool ev_qual ev_action",
    "pg_rules": "schemaname tablename rulename definition",
    "pg_enum": "oid:oid enumtypid:oid enumsortorder:float enumlabel",
    "pg_range": "rngtypid:oid rngsubtype:oid rngmultitypid:oid rngcollation:oid rngsubopc:oid",
    "pg_extension": "oid:oid extname extowner:oid extnamespace:oid extrelocatable:bool extversion extconfig:ints",
    "pg_available_extensions": "name default_version installed_version comment",
    "pg_foreign_table": "ftrelid:oid ftserver:oid ftoptions:list",
    "pg_foreign_server": "oid:oid srvname srvowner:oid srvfdw:oid srvtype srvversion srvacl:list srvoptions:list",
    "pg_foreign_data_wrapper": "oid:oid fdwname fdwowner:oid fdwhandler:oid fdwvalidator:oid fdwacl:list "
    "fdwoptions:list",
    "pg_user_mapping": "oid:oid umuser:oid umserver:oid umoptions:list",
    "pg_language": "oid:oid lanname laninline:oid lanvalidator:oid lanplcallfoid:oid lanacl:list "
    "lanowner:oid lanispl:bool lanpltrusted:bool",
    "pg_matviews": "schemaname matviewname matviewowner tablespace hasindexes:bool ispopulated:bool definition",
    "pg_sequence": "seqrelid:oid seqtypid:oid seqstart:int seqincrement:int seqmax:int seqmin:int seqcache:int "
    "seqcycle:bool",
    "pg_sequences": "schemaname sequencename sequenceowner data_type start_value:int min_value:int max_value:int "
    "increment_by:int cycle:bool cache_size:int last_value:int",
    "pg_shdescription": "objoid:oid classoid:oid description",
    "pg_seclabel": "objoid:oid classoid:oid objsubid:int provider label",
    "pg_auth_members": "oid:oid roleid:oid member:oid grantor:oid admin_option:bool inherit_option:bool set_option:bool",
    "pg_authid": "oid:oid rolname rolsuper:bool rolcanlogin:bool",
    "pg_group": "groname grosysid:oid grolist:ints",
    "pg_default_acl": "oid:oid defaclrole:oid defaclnamespace:oid defaclobjtype defaclacl:list",
    "pg_db_role_setting": "setdatabase:oid setrole:oid setconfig:list",
    "pg_event_trigger": "oid:oid evtname evtevent evtowner:oid evtfoid:oid evtenabled evttags:list",
    "pg_locks": "locktype database:oid relation:oid page:int tuple:int virtualxid transactionid:int classid:oid "
    "objid:oid objsubid:int virtualtransaction pid:int mode granted:bool fastpath:bool waitstart:moment",
    "pg_prepared_xacts": "transaction gid prepared owner database",
    "pg_prepared_statements": "name statement prepare_time parameter_types:list from_sql:bool",
    "pg_cursors": "name statement is_holdable:bool is_binary:bool is_scrollable:bool creation_time",
    "pg_stat_user_tables": "relid:oid schemaname relname seq_scan:int n_live_tup:int n_dead_tup:int",
    "pg_statio_user_tables": "relid:oid schemaname relname",
    "pg_stats": "schemaname tablename attname null_frac:float n_distinct:float",
    "pg_timezone_names": "name abbrev utc_offset is_dst:bool",
    "pg_timezone_abbrevs": "abbrev utc_offset is_dst:bool",
    "pg_ts_config": "oid:oid cfgname cfgnamespace:oid cfgowner:oid cfgparser:oid",
    "pg_ts_dict": "oid:oid dictname dictnamespace:oid dictowner:oid dicttemplate:oid dictinitoption",
    "pg_ts_config_map": "mapcfg:oid maptokentype:int mapseqno:int mapdict:oid",
    "pg_ts_parser": "oid:oid prsname prsnamespace:oid prsstart:oid prstoken:oid prsend:oid prsheadline:oid "
    "prslextype:oid",
    "pg_ts_template": "oid:oid tmplname tmplnamespace:oid tmplinit:oid tmpllexize:oid",
    "pg_subscription": "oid:oid subdbid:oid subskiplsn subname subowner:oid subenabled:bool subbinary:bool "
    "substream:bool subtwophasestate subdisableonerr:bool subpasswordrequired:bool subrunasowner:bool suborigin "
    "subconninfo subslotname subsynccommit subpublications:list",
    "pg_opfamily": "oid:oid opfmethod:oid opfname opfnamespace:oid opfowner:oid",
    "pg_amop": "oid:oid amopfamily:oid amoplefttype:oid amoprighttype:oid amopstrategy:int amoppurpose amopopr:oid "
    "amopmethod:oid amopsortfamily:oid",
    "pg_amproc": "oid:oid amprocfamily:oid amproclefttype:oid amprocrighttype:oid amprocnum:int amproc:oid",
    "pg_largeobject_metadata": "oid:oid lomowner:oid lomacl:list",
    "pg_user_mappings": "umid:oid srvid:oid srvname umuser:oid usename umoptions:list",
    "pg_parameter_acl": "oid:oid parname paracl:list",
    "pg_stat_ssl": "pid:int ssl:bool version cipher bits:int",
}
INFORMATION_SCHEMA = {
    "schemata": "catalog_name schema_name schema_owner default_character_set_catalog default_character_set_schema "
    "default_character_set_name sql_path",
    "tables": "table_catalog table_schema table_name table_type self_referencing_column_name reference_generation "
    "user_defined_type_catalog user_defined_type_schema user_defined_type_name is_insertable_into is_typed "
    "commit_action",
    "views": "table_catalog table_schema table_name view_definition check_option is_updatable is_insertable_into",
    "columns": "table_catalog table_schema table_name column_name ordinal_position:int column_default is_nullable "
    "data_type character_maximum_length:int character_octet_length:int numeric_precision:int "
    "numeric_precision_radix:int numeric_scale:int datetime_precision:int interval_type interval_precision:int "
    "character_set_catalog character_set_schema character_set_name collation_catalog collation_schema collation_name "
    "domain_catalog domain_schema domain_name udt_catalog udt_schema udt_name scope_catalog scope_schema scope_name "
    "maximum_cardinality:int dtd_identifier is_self_referencing is_identity identity_generation identity_start "
    "identity_increment identity_maximum identity_minimum identity_cycle is_generated generation_expression "
    "is_updatable",
    "table_constraints": "constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name "
    "constraint_type is_deferrable initially_deferred enforced nulls_distinct",
    "key_column_usage": "constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name "
    "column_name ordinal_position:int position_in_unique_constraint:int",
    "constraint_column_usage": "table_catalog table_schema table_name column_name constraint_catalog "
    "constraint_schema constraint_name",
    "referential_constraints": "constraint_catalog constraint_schema constraint_name unique_constraint_catalog "
    "unique_constraint_schema unique_constraint_name match_option update_rule delete_rule",
    "check_constraints": "constraint_catalog constraint_schema constraint_name check_clause",
    "routines": "specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name "
    "routine_type data_type",
    "parameters": "specific_catalog specific_schema specific_name ordinal_position:int parameter_mode parameter_name "
    "data_type",
    "sequences": "sequence_catalog sequence_schema sequence_name data_type",
    "triggers": "trigger_catalog trigger_schema trigger_name event_manipulation event_object_schema event_object_table",
    "table_privileges": "grantor grantee table_catalog table_schema table_name privilege_type is_grantable "
    "with_hierarchy",
    "role_table_grants": "grantor grantee table_catalog table_schema table_name privilege_type is_grantable "
    "with_hierarchy",
    "column_privileges": "grantor grantee table_catalog table_schema table_name column_name privilege_type "
    "is_grantable",
    "character_sets": "character_set_catalog character_set_schema character_set_name",
    "enabled_roles": "role_name",
    "applicable_roles": "grantee role_name is_grantable",
}
