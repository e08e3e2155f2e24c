-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- A database as the third release made it, with a row of everything: pg_dump after a run of that release's own statements, in
-- which three apps were deployed (one of them badly, and one went back), two were removed, and what waits behind deployments
-- that are under way is a rollback and two redeploys, one of which brings an environment. The settings of shop were changed
-- after its newest deployment began. Kept for ever: tests/sql/test_upgrade.py.
--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: amount; Type: DOMAIN; Schema: public; Owner: deployd
--

CREATE DOMAIN public.amount AS bigint
	CONSTRAINT amount_not_negative CHECK ((VALUE >= 0));


ALTER DOMAIN public.amount OWNER TO deployd;

--
-- Name: DOMAIN amount; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON DOMAIN public.amount IS 'bytes, microseconds or a count; in settings 0 = the configured default';


--
-- Name: one_line; Type: DOMAIN; Schema: public; Owner: deployd
--

CREATE DOMAIN public.one_line AS text
	CONSTRAINT one_line_is_bounded CHECK ((char_length(VALUE) <= 2048))
	CONSTRAINT one_line_is_clean CHECK ((VALUE !~ '[\u0001-\u001f\u007f-\u009f]'::text));


ALTER DOMAIN public.one_line OWNER TO deployd;

--
-- Name: DOMAIN one_line; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON DOMAIN public.one_line IS 'text of one line, without control characters';


--
-- Name: port; Type: DOMAIN; Schema: public; Owner: deployd
--

CREATE DOMAIN public.port AS integer
	CONSTRAINT port_range CHECK (((VALUE >= 1) AND (VALUE <= 65535)));


ALTER DOMAIN public.port OWNER TO deployd;

--
-- Name: DOMAIN port; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON DOMAIN public.port IS 'TCP port';


--
-- Name: process_type; Type: DOMAIN; Schema: public; Owner: deployd
--

CREATE DOMAIN public.process_type AS text
	CONSTRAINT process_type_form CHECK (((VALUE ~ '^[a-z](-?[a-z0-9])*$'::text) AND (char_length(VALUE) <= 32)));


ALTER DOMAIN public.process_type OWNER TO deployd;

--
-- Name: DOMAIN process_type; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON DOMAIN public.process_type IS 'name of a process in a Procfile: web, worker, …';


--
-- Name: revision; Type: DOMAIN; Schema: public; Owner: deployd
--

CREATE DOMAIN public.revision AS text
	CONSTRAINT revision_form CHECK ((VALUE ~ '^([0-9a-f]{40})?$'::text));


ALTER DOMAIN public.revision OWNER TO deployd;

--
-- Name: DOMAIN revision; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON DOMAIN public.revision IS 'commit, 40 hex digits; empty = not known yet';


--
-- Name: slug; Type: DOMAIN; Schema: public; Owner: deployd
--

CREATE DOMAIN public.slug AS text
	CONSTRAINT slug_form CHECK (((VALUE ~ '^[a-z](-?[a-z0-9])*$'::text) AND (char_length(VALUE) <= 50)));


ALTER DOMAIN public.slug OWNER TO deployd;

--
-- Name: DOMAIN slug; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON DOMAIN public.slug IS 'name of a repository or an app';


--
-- Name: uid; Type: DOMAIN; Schema: public; Owner: deployd
--

CREATE DOMAIN public.uid AS bigint
	CONSTRAINT uid_range CHECK (((VALUE >= 0) AND (VALUE <= '4294967295'::bigint)));


ALTER DOMAIN public.uid OWNER TO deployd;

--
-- Name: DOMAIN uid; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON DOMAIN public.uid IS 'user of the machine';


--
-- Name: all_match(text[], text); Type: FUNCTION; Schema: public; Owner: deployd
--

CREATE FUNCTION public.all_match(list text[], form text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
        select coalesce(bool_and(coalesce(element ~ form, false)), true) from unnest(list) element
$$;


ALTER FUNCTION public.all_match(list text[], form text) OWNER TO deployd;

--
-- Name: FUNCTION all_match(list text[], form text); Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON FUNCTION public.all_match(list text[], form text) IS 'whether every element has the form, a regular expression; null has none';


--
-- Name: app_domains_key(); Type: FUNCTION; Schema: public; Owner: deployd
--

CREATE FUNCTION public.app_domains_key() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
        if exists (select from app other where other.id <> new.id and other.domains && new.domains) then
                raise unique_violation using
                        message = 'a domain belongs to another app', constraint = 'app_domains_key', table = 'app';
        end if;
        return null;
end
$$;


ALTER FUNCTION public.app_domains_key() OWNER TO deployd;

--
-- Name: deployment_begin(); Type: FUNCTION; Schema: public; Owner: deployd
--

CREATE FUNCTION public.deployment_begin() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
        select coalesce((select version.id from environment_version version where version.deployment_id = new.id),
                        app.environment_id),
               app.branch, app.directory, app.buildpack, app.build_command, app.readiness, app.health_check_path,
               app.health_check_timeout_usec
        into new.environment_id, new.branch, new.directory, new.buildpack, new.build_command, new.readiness,
             new.health_check_path, new.health_check_timeout_usec
        from app where app.id = new.app_id;
        return new;
end
$$;


ALTER FUNCTION public.deployment_begin() OWNER TO deployd;

--
-- Name: event_append_only(); Type: FUNCTION; Schema: public; Owner: deployd
--

CREATE FUNCTION public.event_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
        raise restrict_violation using message = 'events are only ever appended';
end
$$;


ALTER FUNCTION public.event_append_only() OWNER TO deployd;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: app; Type: TABLE; Schema: public; Owner: deployd
--

CREATE TABLE public.app (
    id bigint NOT NULL,
    name public.slug NOT NULL,
    repository_id bigint NOT NULL,
    access_mode text DEFAULT 'private'::text NOT NULL,
    port public.port NOT NULL,
    current_port public.port,
    wanted text DEFAULT 'running'::text NOT NULL,
    status text DEFAULT 'new'::text NOT NULL,
    branch public.one_line DEFAULT ''::text NOT NULL,
    directory public.one_line DEFAULT ''::text NOT NULL,
    formation text[] DEFAULT '{}'::text[] NOT NULL,
    domains text[] DEFAULT '{}'::text[] NOT NULL,
    auto_deploy boolean DEFAULT false NOT NULL,
    keep_releases public.amount DEFAULT 0 NOT NULL,
    buildpack public.one_line DEFAULT ''::text NOT NULL,
    build_command public.one_line DEFAULT ''::text NOT NULL,
    readiness text DEFAULT 'port'::text NOT NULL,
    health_check_path public.one_line DEFAULT ''::text NOT NULL,
    health_check_timeout_usec public.amount DEFAULT 0 NOT NULL,
    stop_timeout_usec public.amount DEFAULT 0 NOT NULL,
    memory_max public.amount DEFAULT 0 NOT NULL,
    tasks_max public.amount DEFAULT 0 NOT NULL,
    cpu_quota_usec public.amount DEFAULT 0 NOT NULL,
    idle_timeout_usec public.amount DEFAULT 0 NOT NULL,
    connect_to text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    environment_id bigint,
    CONSTRAINT app_access_mode_word CHECK ((access_mode = ANY (ARRAY['private'::text, 'internal'::text, 'public'::text]))),
    CONSTRAINT app_connect_to_form CHECK (public.all_match(connect_to, '^[a-z](-?[a-z0-9]){0,49}$'::text)),
    CONSTRAINT app_directory_beneath CHECK ((((directory)::text !~ '^/'::text) AND ((directory)::text !~ '(^|/)\.\.?(/|$)'::text))),
    CONSTRAINT app_domains_form CHECK (public.all_match(domains, '^(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$'::text)),
    CONSTRAINT app_formation_form CHECK (public.all_match(formation, '^[a-z](-?[a-z0-9]){0,31}=(0|[1-9][0-9]{0,3})$'::text)),
    CONSTRAINT app_health_check_path_form CHECK (((health_check_path)::text ~ '^(/[^ ]*)?$'::text)),
    CONSTRAINT app_readiness_word CHECK ((readiness = ANY (ARRAY['port'::text, 'notify'::text]))),
    CONSTRAINT app_status_word CHECK ((status = ANY (ARRAY['new'::text, 'deploying'::text, 'running'::text, 'degraded'::text, 'stopped'::text, 'failed'::text]))),
    CONSTRAINT app_wanted_word CHECK ((wanted = ANY (ARRAY['running'::text, 'stopped'::text])))
);


ALTER TABLE public.app OWNER TO deployd;

--
-- Name: TABLE app; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.app IS 'apps: their settings, what is wanted of them, and how they were last seen';


--
-- Name: COLUMN app.port; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.app.port IS 'stable port, for life';


--
-- Name: COLUMN app.current_port; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.app.current_port IS 'assigned port of web.1 of the live deployment; null = nothing is live or it has no web';


--
-- Name: COLUMN app.formation; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.app.formation IS 'PROCESS=COUNT, one element each; not named = 0; empty = as app.json of the release says, else web=1';


--
-- Name: COLUMN app.connect_to; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.app.connect_to IS 'names of the apps it may reach';


--
-- Name: COLUMN app.environment_id; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.app.environment_id IS 'version that its next deployment runs with; null = no variable';


--
-- Name: app_id_seq; Type: SEQUENCE; Schema: public; Owner: deployd
--

ALTER TABLE public.app ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.app_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: deployment; Type: TABLE; Schema: public; Owner: deployd
--

CREATE TABLE public.deployment (
    id bigint NOT NULL,
    app_id bigint NOT NULL,
    kind text DEFAULT 'deploy'::text NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    requested_revision public.one_line DEFAULT ''::text NOT NULL,
    revision public.revision DEFAULT ''::text NOT NULL,
    image_tag public.one_line DEFAULT ''::text NOT NULL,
    release_id bigint,
    assigned_port public.port,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    error_summary public.one_line DEFAULT ''::text NOT NULL,
    logs_path public.one_line DEFAULT ''::text NOT NULL,
    requested_by public.uid DEFAULT 0 NOT NULL,
    request_id public.one_line,
    rollback_to bigint,
    environment_id bigint,
    branch public.one_line DEFAULT ''::text NOT NULL,
    directory public.one_line DEFAULT ''::text NOT NULL,
    buildpack public.one_line DEFAULT ''::text NOT NULL,
    build_command public.one_line DEFAULT ''::text NOT NULL,
    readiness text DEFAULT 'port'::text NOT NULL,
    health_check_path public.one_line DEFAULT ''::text NOT NULL,
    health_check_timeout_usec public.amount DEFAULT 0 NOT NULL,
    CONSTRAINT deployment_error_summary_if_failed CHECK (((status = 'failed'::text) = ((error_summary)::text <> ''::text))),
    CONSTRAINT deployment_error_summary_length CHECK ((char_length((error_summary)::text) <= 1000)),
    CONSTRAINT deployment_finished_at_if_ended CHECK (((status = ANY (ARRAY['live'::text, 'superseded'::text, 'failed'::text, 'cancelled'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT deployment_health_check_path_form CHECK (((health_check_path)::text ~ '^(/[^ ]*)?$'::text)),
    CONSTRAINT deployment_kind_word CHECK ((kind = ANY (ARRAY['deploy'::text, 'rollback'::text, 'redeploy'::text]))),
    CONSTRAINT deployment_readiness_word CHECK ((readiness = ANY (ARRAY['port'::text, 'notify'::text]))),
    CONSTRAINT deployment_release_if_started CHECK (((status <> ALL (ARRAY['releasing'::text, 'starting'::text, 'checking'::text, 'switching'::text, 'live'::text])) OR (release_id IS NOT NULL))),
    CONSTRAINT deployment_request_id_length CHECK (((char_length((request_id)::text) >= 1) AND (char_length((request_id)::text) <= 128))),
    CONSTRAINT deployment_rollback_to_if_rollback CHECK (((kind = 'rollback'::text) OR (rollback_to IS NULL))),
    CONSTRAINT deployment_started_at_unless_queued CHECK (
CASE status
    WHEN 'queued'::text THEN (started_at IS NULL)
    WHEN 'failed'::text THEN true
    WHEN 'cancelled'::text THEN true
    ELSE (started_at IS NOT NULL)
END),
    CONSTRAINT deployment_status_word CHECK ((status = ANY (ARRAY['queued'::text, 'fetching'::text, 'building'::text, 'releasing'::text, 'starting'::text, 'checking'::text, 'switching'::text, 'live'::text, 'superseded'::text, 'failed'::text, 'cancelled'::text])))
);


ALTER TABLE public.deployment OWNER TO deployd;

--
-- Name: TABLE deployment; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.deployment IS 'every attempt to bring an app to a release, also the past ones';


--
-- Name: COLUMN deployment.release_id; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.deployment.release_id IS 'what it runs; null = not built yet, or no longer kept';


--
-- Name: COLUMN deployment.assigned_port; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.deployment.assigned_port IS 'port of web.1, kept when it is free again';


--
-- Name: COLUMN deployment.finished_at; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.deployment.finished_at IS 'when it became live, failed or cancelled';


--
-- Name: COLUMN deployment.rollback_to; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.deployment.rollback_to IS 'deployment whose release is wished; null = the newest one built before the live one';


--
-- Name: COLUMN deployment.environment_id; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.deployment.environment_id IS 'version that it runs with; null = no variable, or not begun';


--
-- Name: COLUMN deployment.branch; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.deployment.branch IS 'setting of the app when the deployment began, as the next six columns; what runs keeps them';


--
-- Name: deployment_id_seq; Type: SEQUENCE; Schema: public; Owner: deployd
--

ALTER TABLE public.deployment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.deployment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: environment; Type: TABLE; Schema: public; Owner: deployd
--

CREATE TABLE public.environment (
    name text NOT NULL,
    value bytea NOT NULL,
    key_id integer DEFAULT 0 NOT NULL,
    version_id bigint NOT NULL,
    CONSTRAINT environment_key_id_range CHECK ((key_id >= 0)),
    CONSTRAINT environment_name_form CHECK ((name ~ '^[A-Za-z_][A-Za-z0-9_]{0,254}$'::text)),
    CONSTRAINT environment_value_length CHECK ((octet_length(value) <= 131072))
);


ALTER TABLE public.environment OWNER TO deployd;

--
-- Name: TABLE environment; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.environment IS 'variables of a version';


--
-- Name: COLUMN environment.key_id; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.environment.key_id IS 'key the value is sealed with; 0 = not sealed';


--
-- Name: environment_version; Type: TABLE; Schema: public; Owner: deployd
--

CREATE TABLE public.environment_version (
    id bigint NOT NULL,
    app_id bigint NOT NULL,
    base_id bigint,
    deployment_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE public.environment_version OWNER TO deployd;

--
-- Name: TABLE environment_version; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.environment_version IS 'environments that apps have or had; a version that something runs with is never changed';


--
-- Name: COLUMN environment_version.base_id; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.environment_version.base_id IS 'version that this one was made from';


--
-- Name: COLUMN environment_version.deployment_id; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.environment_version.deployment_id IS 'deployment that brings this version: if it fails, the app goes back to base_id; null = none';


--
-- Name: environment_version_id_seq; Type: SEQUENCE; Schema: public; Owner: deployd
--

ALTER TABLE public.environment_version ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.environment_version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: event; Type: TABLE; Schema: public; Owner: deployd
--

CREATE TABLE public.event (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    operation uuid,
    actor_uid public.uid,
    verb public.one_line NOT NULL,
    repository_name public.one_line DEFAULT ''::text NOT NULL,
    app_name public.one_line DEFAULT ''::text NOT NULL,
    deployment_id bigint,
    from_status public.one_line DEFAULT ''::text NOT NULL,
    to_status public.one_line DEFAULT ''::text NOT NULL,
    detail public.one_line DEFAULT ''::text NOT NULL,
    CONSTRAINT event_verb_form CHECK (((verb)::text ~ '^[a-z][a-z-]*$'::text))
);


ALTER TABLE public.event OWNER TO deployd;

--
-- Name: TABLE event; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.event IS 'who did what, when, with what result; only ever appended to';


--
-- Name: COLUMN event.operation; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.event.operation IS 'made by deployd for each change, so that a statement sent twice takes effect once';


--
-- Name: COLUMN event.actor_uid; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.event.actor_uid IS 'null = deployd itself';


--
-- Name: event_id_seq; Type: SEQUENCE; Schema: public; Owner: deployd
--

ALTER TABLE public.event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: installation; Type: TABLE; Schema: public; Owner: deployd
--

CREATE TABLE public.installation (
    only_row boolean DEFAULT true NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    machine uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT installation_one_row CHECK (only_row)
);


ALTER TABLE public.installation OWNER TO deployd;

--
-- Name: TABLE installation; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.installation IS 'says that this database and the data of the apps belong together; one row';


--
-- Name: COLUMN installation.machine; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.installation.machine IS 'machine whose disk has the id; null = no disk has it yet';


--
-- Name: instance; Type: TABLE; Schema: public; Owner: deployd
--

CREATE TABLE public.instance (
    deployment_id bigint NOT NULL,
    process public.process_type NOT NULL,
    number integer NOT NULL,
    port public.port,
    unit public.one_line NOT NULL,
    CONSTRAINT instance_number_range CHECK (((number >= 1) AND (number <= 9999))),
    CONSTRAINT instance_unit_form CHECK (((unit)::text ~ '^deployd-app-[a-z0-9_.-]+\.service$'::text))
);


ALTER TABLE public.instance OWNER TO deployd;

--
-- Name: TABLE instance; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.instance IS 'units that run, or are about to';


--
-- Name: port_lease; Type: TABLE; Schema: public; Owner: deployd
--

CREATE TABLE public.port_lease (
    port public.port NOT NULL,
    deployment_id bigint NOT NULL,
    process public.process_type NOT NULL,
    number integer NOT NULL,
    leased_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT port_lease_number_range CHECK (((number >= 1) AND (number <= 9999)))
);


ALTER TABLE public.port_lease OWNER TO deployd;

--
-- Name: TABLE port_lease; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.port_lease IS 'assigned ports; a row goes when nobody listens there any more';


--
-- Name: release; Type: TABLE; Schema: public; Owner: deployd
--

CREATE TABLE public.release (
    id bigint NOT NULL,
    app_id bigint NOT NULL,
    revision public.revision NOT NULL,
    image_tag public.one_line NOT NULL,
    digest text NOT NULL,
    files public.amount NOT NULL,
    bytes public.amount NOT NULL,
    processes text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    build_key text DEFAULT ''::text NOT NULL,
    buildpack public.one_line DEFAULT ''::text NOT NULL,
    formation text[] DEFAULT '{}'::text[] NOT NULL,
    health_check_path public.one_line DEFAULT ''::text NOT NULL,
    health_check_attempts public.amount DEFAULT 0 NOT NULL,
    health_check_timeout_usec public.amount DEFAULT 0 NOT NULL,
    health_check_wait_usec public.amount DEFAULT 0 NOT NULL,
    CONSTRAINT release_build_key_form CHECK ((build_key ~ '^([0-9a-f]{64})?$'::text)),
    CONSTRAINT release_digest_form CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT release_formation_form CHECK (public.all_match(formation, '^[a-z](-?[a-z0-9]){0,31}=(0|[1-9][0-9]{0,3})$'::text)),
    CONSTRAINT release_health_check_path_form CHECK (((health_check_path)::text ~ '^(/[^ ]*)?$'::text)),
    CONSTRAINT release_image_tag_form CHECK (((image_tag)::text ~ '^[a-z][a-z0-9-]*:[0-9a-f]{12}-[1-9][0-9]*$'::text)),
    CONSTRAINT release_processes_form CHECK (public.all_match(processes, '^[a-z](-?[a-z0-9]){0,31}$'::text)),
    CONSTRAINT release_revision_known CHECK (((revision)::text <> ''::text))
);


ALTER TABLE public.release OWNER TO deployd;

--
-- Name: TABLE release; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.release IS 'the kept immutable trees; id = the deployment that built it';


--
-- Name: COLUMN release.build_key; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.release.build_key IS 'keyed hash of all that went into the build; empty = nothing was built';


--
-- Name: COLUMN release.buildpack; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.release.buildpack IS 'that built it; empty = none did';


--
-- Name: COLUMN release.formation; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.release.formation IS 'of its app.json, as in app';


--
-- Name: COLUMN release.health_check_path; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.release.health_check_path IS 'of its app.json, as the next three; empty = none';


--
-- Name: removed_app; Type: TABLE; Schema: public; Owner: deployd
--

CREATE TABLE public.removed_app (
    id bigint NOT NULL,
    name public.slug NOT NULL,
    removed_at timestamp with time zone DEFAULT now() NOT NULL,
    removed_by public.uid,
    last_deployment bigint NOT NULL,
    keep_until timestamp with time zone NOT NULL,
    data text DEFAULT 'kept'::text NOT NULL,
    CONSTRAINT removed_app_data_word CHECK ((data = ANY (ARRAY['kept'::text, 'deleting'::text, 'deleted'::text])))
);


ALTER TABLE public.removed_app OWNER TO deployd;

--
-- Name: TABLE removed_app; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.removed_app IS 'apps that were removed: the only reason to delete what an app has stored';


--
-- Name: COLUMN removed_app.id; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.removed_app.id IS 'id of the app, which names its directories';


--
-- Name: COLUMN removed_app.removed_by; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.removed_app.removed_by IS 'null = deployd itself';


--
-- Name: COLUMN removed_app.last_deployment; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.removed_app.last_deployment IS 'newest deployment of any app at that time: its own have no greater id';


--
-- Name: COLUMN removed_app.keep_until; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.removed_app.keep_until IS 'when its data is deleted';


--
-- Name: repository; Type: TABLE; Schema: public; Owner: deployd
--

CREATE TABLE public.repository (
    id bigint NOT NULL,
    name public.slug NOT NULL,
    git_url public.one_line NOT NULL,
    default_branch public.one_line DEFAULT ''::text NOT NULL,
    head_revision public.revision DEFAULT ''::text NOT NULL,
    last_fetched_at timestamp with time zone,
    fetches public.amount DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT repository_git_url_given CHECK (((git_url)::text <> ''::text)),
    CONSTRAINT repository_git_url_without_password CHECK (((git_url)::text !~ '^[^/]*://[^/@]*:[^/]*@'::text))
);


ALTER TABLE public.repository OWNER TO deployd;

--
-- Name: TABLE repository; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.repository IS 'git repositories that apps are built from';


--
-- Name: COLUMN repository.default_branch; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.repository.default_branch IS 'empty = what the remote calls HEAD';


--
-- Name: COLUMN repository.fetches; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.repository.fetches IS 'fetches begun so far; numbers the fetch units';


--
-- Name: repository_id_seq; Type: SEQUENCE; Schema: public; Owner: deployd
--

ALTER TABLE public.repository ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.repository_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: retired_port; Type: TABLE; Schema: public; Owner: deployd
--

CREATE TABLE public.retired_port (
    port public.port NOT NULL,
    retired_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE public.retired_port OWNER TO deployd;

--
-- Name: TABLE retired_port; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.retired_port IS 'stable ports of removed apps, not given out again for a day';


--
-- Name: schema_migration; Type: TABLE; Schema: public; Owner: deployd
--

CREATE TABLE public.schema_migration (
    version integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


ALTER TABLE public.schema_migration OWNER TO deployd;

--
-- Name: TABLE schema_migration; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.schema_migration IS 'migrations that were applied';


--
-- Data for Name: app; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.app (id, name, repository_id, access_mode, port, current_port, wanted, status, branch, directory, formation, domains, auto_deploy, keep_releases, buildpack, build_command, readiness, health_check_path, health_check_timeout_usec, stop_timeout_usec, memory_max, tasks_max, cpu_quota_usec, idle_timeout_usec, connect_to, created_at, environment_id) FROM stdin;
4	blog	1	private	8003	20000	running	deploying			{}	{}	f	0			port		0	0	0	0	0	0	{}	2026-11-30 07:37:12.013149+00	4
1	shop	1	internal	8000	20002	running	deploying	main	site	{}	{}	f	0		make	notify	/up	8000000	0	104857600	0	0	0	{}	2026-11-30 07:37:11.989027+00	5
3	mute	2	private	8002	\N	stopped	stopped			{}	{}	f	0			port		0	0	0	0	0	0	{}	2026-11-30 07:37:12.011052+00	3
\.


--
-- Data for Name: deployment; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.deployment (id, app_id, kind, status, requested_revision, revision, image_tag, release_id, assigned_port, created_at, started_at, finished_at, error_summary, logs_path, requested_by, request_id, rollback_to, environment_id, branch, directory, buildpack, build_command, readiness, health_check_path, health_check_timeout_usec) FROM stdin;
1	1	deploy	superseded	main	0123456789abcdef0123456789abcdef01234567	shop:0123456789ab-1	1	20000	2026-11-30 07:37:12.063649+00	2026-11-30 07:37:12.066092+00	2026-11-30 07:37:12.100568+00		/var/lib/deployd/logs/1/1.log.zst	1000	\N	\N	1	main	web		make	port	/up	7000000
3	1	rollback	live	main	0123456789abcdef0123456789abcdef01234567	shop:0123456789ab-1	1	20002	2026-11-30 07:37:12.135031+00	2026-11-30 07:37:12.13905+00	2026-11-30 07:37:12.151289+00			1000	\N	1	1	main	web		make	port	/up	7000000
2	1	deploy	superseded		0123456789abcdef0123456789abcdef01234567	shop:0123456789ab-2	2	20001	2026-11-30 07:37:12.107968+00	2026-11-30 07:37:12.109683+00	2026-11-30 07:37:12.131051+00			1000	\N	\N	1	main	web		make	port	/up	7000000
4	3	deploy	failed				\N	\N	2026-11-30 07:37:12.178385+00	2026-11-30 07:37:12.183027+00	2026-11-30 07:37:12.191062+00	no		1000	\N	\N	3					port		0
5	3	deploy	cancelled				\N	\N	2026-11-30 07:37:12.193681+00	\N	2026-11-30 07:37:12.199042+00			1000	\N	\N	\N					port		0
6	4	deploy	live		0123456789abcdef0123456789abcdef01234567	blog:0123456789ab-6	6	20000	2026-11-30 07:37:12.201394+00	2026-11-30 07:37:12.208228+00	2026-11-30 07:37:12.231025+00			1000	\N	\N	\N					port		0
7	4	deploy	starting	next	0123456789abcdef0123456789abcdef01234567	blog:0123456789ab-7	7	20001	2026-11-30 07:37:12.23504+00	2026-11-30 07:37:12.239029+00	\N			1000	\N	\N	4					port		0
8	1	deploy	fetching	next			\N	\N	2026-11-30 07:37:12.26448+00	2026-11-30 07:37:12.271048+00	\N			1000	\N	\N	1	main	web		make	port	/up	7000000
9	1	rollback	queued				\N	\N	2026-11-30 07:37:12.279024+00	\N	\N			1000	\N	2	\N					port		0
10	1	redeploy	queued	main			\N	\N	2026-11-30 07:37:12.280837+00	\N	\N			1000	\N	\N	\N					port		0
11	1	redeploy	queued	main			\N	\N	2026-11-30 07:37:12.287189+00	\N	\N			1000	\N	\N	\N					port		0
12	4	deploy	queued				\N	\N	2026-11-30 07:37:12.295305+00	\N	\N			1000	\N	\N	\N					port		0
\.


--
-- Data for Name: environment; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.environment (name, value, key_id, version_id) FROM stdin;
PRICE	\\x32	0	1
GREETING	\\x6e61c3af76650a2774776f27	0	1
PRICE	\\x32	0	3
PRICE	\\x32	0	4
PRICE	\\x33	0	5
EMPTY	\\x	0	5
\.


--
-- Data for Name: environment_version; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.environment_version (id, app_id, base_id, deployment_id, created_at) FROM stdin;
1	1	\N	\N	2026-11-30 07:37:12.031042+00
3	3	\N	\N	2026-11-30 07:37:12.163062+00
4	4	\N	7	2026-11-30 07:37:12.24322+00
5	1	1	11	2026-11-30 07:37:12.287189+00
\.


--
-- Data for Name: event; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.event (id, at, operation, actor_uid, verb, repository_name, app_name, deployment_id, from_status, to_status, detail) FROM stdin;
1	2026-11-30 07:37:11.979822+00	f7f25679-c4b6-4b09-8c1b-b46418002f19	1000	repository-create	shop		\N			https://git.example/shop.git
2	2026-11-30 07:37:11.987217+00	38483632-5513-4064-b2fa-486282d84593	1000	repository-create	mute		\N			https://git.example/shop.git
3	2026-11-30 07:37:11.98822+00	4d109e09-f9bc-44ae-9ab6-eeedbaab031b	1000	installation-note			\N			a1354505-126f-4276-97d9-7d056d9f2ff5
4	2026-11-30 07:37:11.989027+00	73834466-b85c-4d4a-8dc3-4c1bd807b7e1	1000	app-create	shop	shop	\N			
5	2026-11-30 07:37:11.999024+00	e7d3cadf-a08b-4810-9ef9-682f7dc01253	1000	app-create	shop	old	\N			
6	2026-11-30 07:37:12.011052+00	8ab18bf2-b133-466a-9d18-19b6cb0ff31f	1000	app-create	mute	mute	\N			
7	2026-11-30 07:37:12.013149+00	0f0e4196-44ca-4c88-8018-a68e238f1b8c	1000	app-create	shop	blog	\N			
8	2026-11-30 07:37:12.023158+00	3e7e9cc7-4297-4c0c-b971-3fe2d0788bf6	1000	repository-fetched	shop		\N			0123456789abcdef0123456789abcdef01234567
9	2026-11-30 07:37:12.024134+00	b7942742-16d2-4618-9bd2-bdf32d6a45ac	1000	app-set		shop	\N			
10	2026-11-30 07:37:12.031042+00	c7667d1c-7856-4969-a8ae-dd4dfd3bba13	1000	environment-stage		shop	\N			PRICE GREETING
11	2026-11-30 07:37:12.03568+00	2c38a3e3-181d-46e2-a8b6-8e97c2a1fe2a	1000	environment-stage		old	\N			PRICE
12	2026-11-30 07:37:12.043027+00	7743bc9c-3a1d-41f7-ac2b-1136dd80f1d8	1000	app-remove		old	\N			
13	2026-11-30 07:37:12.05505+00	2b581ec4-1422-4ad3-9193-c3de448787b7	1000	app-create	shop	lost	\N			
14	2026-11-30 07:37:12.057317+00	287e4f52-7080-4c1d-b0da-77f3e36aa87c	1000	app-remove		lost	\N			
15	2026-11-30 07:37:12.063649+00	082ab6ec-7867-41eb-b5b3-a24fe550b6e3	1000	deploy		shop	1		queued	main
16	2026-11-30 07:37:12.066092+00	c70c527c-19d4-4c9a-a2fc-ce8724644e2c	1000	deployment-move		shop	1	queued	fetching	its turn has come
17	2026-11-30 07:37:12.079016+00	4680c5b0-712f-40a0-9717-0ed1d55bc806	1000	deployment-move		shop	1	fetching	starting	its release is complete
18	2026-11-30 07:37:12.095019+00	747b5530-c7c2-44ff-93a4-c2e0dd3daa14	1000	deployment-move		shop	1	starting	checking	its processes run
19	2026-11-30 07:37:12.09902+00	0b7e8cbd-8aa2-47cc-8e5c-28c017494aa9	1000	deployment-move		shop	1	checking	switching	it listens on its port
20	2026-11-30 07:37:12.100568+00	d2cc6f75-34da-4a55-9c10-c8f5e73a5b88	1000	deployment-move		shop	1	switching	live	requests go to it
21	2026-11-30 07:37:12.107968+00	fba6953f-5078-4742-a223-7f38394362ce	1000	deploy		shop	2		queued	
22	2026-11-30 07:37:12.109683+00	9b59b376-b860-42a9-8e0d-4d6d336bf625	1000	deployment-move		shop	2	queued	fetching	its turn has come
23	2026-11-30 07:37:12.116459+00	0258a299-558d-4731-8018-d2ee0c5f73cd	1000	deployment-move		shop	2	fetching	starting	its release is complete
24	2026-11-30 07:37:12.125724+00	c60b5cb8-25e1-4711-a7c9-8cea4cbb0792	1000	deployment-move		shop	2	starting	checking	its processes run
25	2026-11-30 07:37:12.127281+00	a7a035e8-4e52-491f-9567-1ef62cba9784	1000	deployment-move		shop	2	checking	switching	it listens on its port
26	2026-11-30 07:37:12.131051+00	5cf99a54-99f5-481e-b562-36fbc93dd3ac	1000	deployment-move		shop	2	switching	live	requests go to it
27	2026-11-30 07:37:12.131051+00	\N	1000	deployment-move		shop	1	live	superseded	a newer deployment is live
28	2026-11-30 07:37:12.135031+00	0122c6a5-6768-4ec0-a688-e8d044bc3ba9	1000	rollback		shop	3			
29	2026-11-30 07:37:12.13905+00	5448cd19-7e98-4d6b-a360-34b84b167890	1000	deployment-move		shop	3	queued	starting	its turn has come, and its release is there
30	2026-11-30 07:37:12.146656+00	69b58a8e-907e-416a-9bd7-e5bfc16fdb3e	1000	deployment-move		shop	3	starting	checking	its processes run
31	2026-11-30 07:37:12.148726+00	7495cfa5-1273-47aa-a2ab-b5a877377312	1000	deployment-move		shop	3	checking	switching	it listens on its port
32	2026-11-30 07:37:12.151289+00	6bc4c8ab-c9ad-4ea0-aab9-8383d412e6e2	1000	deployment-move		shop	3	switching	live	requests go to it
33	2026-11-30 07:37:12.151289+00	\N	1000	deployment-move		shop	2	live	superseded	a newer deployment is live
34	2026-11-30 07:37:12.163062+00	4823fae7-80fe-48eb-95e0-4a7f15422979	1000	environment-stage		mute	\N			PRICE
35	2026-11-30 07:37:12.178385+00	fa598b78-f614-48ab-9728-576a8c9e669d	1000	deploy		mute	4		queued	
36	2026-11-30 07:37:12.183027+00	f2dad453-0479-4e95-9906-5e8b6149a17a	1000	deployment-move		mute	4	queued	fetching	its turn has come
37	2026-11-30 07:37:12.191062+00	ef8f4079-573b-48c5-9b57-7f8a11c12ebc	1000	deployment-move		mute	4	fetching	failed	the commit could not be made a release
38	2026-11-30 07:37:12.193681+00	be0eb936-3721-4930-9b2f-2e36c1393fea	1000	deploy		mute	5		queued	
39	2026-11-30 07:37:12.199042+00	ad6a040f-e929-41fb-8f75-bd5f017df412	1000	deployment-move		mute	5	queued	cancelled	it had not begun
40	2026-11-30 07:37:12.201394+00	69660f17-5292-4d09-8986-b7f80971f62f	1000	deploy		blog	6		queued	
41	2026-11-30 07:37:12.208228+00	c1fb6ed2-b9e9-48b1-bd38-036be9e9e6ca	1000	deployment-move		blog	6	queued	fetching	its turn has come
42	2026-11-30 07:37:12.216921+00	8b2321a2-721d-4cd0-99fa-92a0e561fec9	1000	deployment-move		blog	6	fetching	starting	its release is complete
43	2026-11-30 07:37:12.223031+00	fe090633-987b-4ac7-b6e2-6ae98f8148f1	1000	deployment-move		blog	6	starting	checking	its processes run
44	2026-11-30 07:37:12.227035+00	30d01328-c97c-4199-b491-04d60dea512a	1000	deployment-move		blog	6	checking	switching	it listens on its port
45	2026-11-30 07:37:12.231025+00	737dd134-b962-4e30-aa74-74e1d775cbd5	1000	deployment-move		blog	6	switching	live	requests go to it
46	2026-11-30 07:37:12.23504+00	16ad2480-17c7-492e-a4b6-8fc584ef53e2	1000	deploy		blog	7		queued	next
47	2026-11-30 07:37:12.239029+00	3d343b89-fa6b-4df1-867a-1ad6732ab749	1000	deployment-move		blog	7	queued	fetching	its turn has come
48	2026-11-30 07:37:12.24322+00	2ab55cdc-0724-4c90-8b1d-7b182bdd3fbc	1000	environment-default		blog	\N			PRICE
49	2026-11-30 07:37:12.255032+00	e18c00d7-5cf3-48f7-a248-a80a65d0f257	1000	deployment-move		blog	7	fetching	starting	its release is complete
50	2026-11-30 07:37:12.26448+00	b3b16aa0-dd03-43e0-a86b-f8836ed20222	1000	deploy		shop	8		queued	next
51	2026-11-30 07:37:12.271048+00	d9225b63-3869-4211-b146-bf39449d00bb	1000	deployment-move		shop	8	queued	fetching	its turn has come
52	2026-11-30 07:37:12.275678+00	83bf947e-fe82-4583-9459-60a4eed15f0e	1000	app-set		shop	\N			
53	2026-11-30 07:37:12.279024+00	12fa9324-c34b-402b-9284-b4fe7dcf7498	1000	rollback		shop	9			
54	2026-11-30 07:37:12.280837+00	7477ee00-e4cb-4807-9b38-5dc52623f90c	1000	redeploy		shop	10			
55	2026-11-30 07:37:12.287189+00	7d4655c9-10b1-4fc4-8962-5bf5fdf08984	1000	environment-set		shop	11			PRICE EMPTY
56	2026-11-30 07:37:12.295305+00	6965b8e5-9b06-4771-ab22-5a1017948193	1000	deploy		blog	12		queued	
57	2026-11-30 07:37:12.297546+00	f74d4921-e819-4aca-8fd3-81453520ee92	1000	app-stop		mute	\N		stopped	
\.


--
-- Data for Name: installation; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.installation (only_row, id, machine, created_at) FROM stdin;
t	a1354505-126f-4276-97d9-7d056d9f2ff5	01234567-89ab-cdef-0123-456789abcdef	2026-11-30 07:37:11.904476+00
\.


--
-- Data for Name: instance; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.instance (deployment_id, process, number, port, unit) FROM stdin;
3	web	1	20002	deployd-app-shop-3.web.1.service
6	web	1	20000	deployd-app-blog-6.web.1.service
7	web	1	20001	deployd-app-blog-7.web.1.service
\.


--
-- Data for Name: port_lease; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.port_lease (port, deployment_id, process, number, leased_at) FROM stdin;
20002	3	web	1	2026-11-30 07:37:12.13905+00
20000	6	web	1	2026-11-30 07:37:12.216921+00
20001	7	web	1	2026-11-30 07:37:12.255032+00
\.


--
-- Data for Name: release; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.release (id, app_id, revision, image_tag, digest, files, bytes, processes, created_at, build_key, buildpack, formation, health_check_path, health_check_attempts, health_check_timeout_usec, health_check_wait_usec) FROM stdin;
1	1	0123456789abcdef0123456789abcdef01234567	shop:0123456789ab-1	0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef	3	4096	{web,worker}	2026-11-30 07:37:12.071023+00	fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210	node	{web=1,worker=9999}	/up	7	8	9
2	1	0123456789abcdef0123456789abcdef01234567	shop:0123456789ab-2	0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef	3	4096	{web,worker}	2026-11-30 07:37:12.115043+00	fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210	node	{web=1,worker=9999}	/up	7	8	9
6	4	0123456789abcdef0123456789abcdef01234567	blog:0123456789ab-6	0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef	3	4096	{web,worker}	2026-11-30 07:37:12.215055+00	fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210	node	{web=1,worker=9999}	/up	7	8	9
7	4	0123456789abcdef0123456789abcdef01234567	blog:0123456789ab-7	0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef	3	4096	{web,worker}	2026-11-30 07:37:12.251218+00	fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210	node	{web=1,worker=9999}	/up	7	8	9
\.


--
-- Data for Name: removed_app; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.removed_app (id, name, removed_at, removed_by, last_deployment, keep_until, data) FROM stdin;
2	old	2026-11-30 07:37:12.043027+00	1000	0	2026-11-30 08:37:12.043027+00	kept
5	lost	2026-11-30 07:37:12.057317+00	1000	0	2026-11-30 07:37:12.057317+00	deleted
\.


--
-- Data for Name: repository; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.repository (id, name, git_url, default_branch, head_revision, last_fetched_at, fetches, created_at) FROM stdin;
2	mute	https://git.example/shop.git	main		\N	0	2026-11-30 07:37:11.987217+00
1	shop	https://git.example/shop.git	main	0123456789abcdef0123456789abcdef01234567	2026-11-30 07:37:12.023158+00	1	2026-11-30 07:37:11.979822+00
\.


--
-- Data for Name: retired_port; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.retired_port (port, retired_at) FROM stdin;
8001	2026-11-30 07:37:12.043027+00
8004	2026-11-30 07:37:12.057317+00
\.


--
-- Data for Name: schema_migration; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.schema_migration (version, name, sha256, applied_at) FROM stdin;
1	0001_initial	68e869b03921f8791728ea466daf505ca33f92c2669941b50db3816ffb6a2292	2026-11-30 07:37:11.869294+00
2	0002_builds	87c19b96cdb88f539c5f61a007d8300ffd991f52149eb9c4f00de50db5204125	2026-11-30 07:37:11.897461+00
3	0003_trust	db68f1402d6854ad953edc27fba770131fc6c0958b19bb8208601bbe6171b7fd	2026-11-30 07:37:11.975884+00
\.


--
-- Name: app_id_seq; Type: SEQUENCE SET; Schema: public; Owner: deployd
--

SELECT pg_catalog.setval('public.app_id_seq', 5, true);


--
-- Name: deployment_id_seq; Type: SEQUENCE SET; Schema: public; Owner: deployd
--

SELECT pg_catalog.setval('public.deployment_id_seq', 12, true);


--
-- Name: environment_version_id_seq; Type: SEQUENCE SET; Schema: public; Owner: deployd
--

SELECT pg_catalog.setval('public.environment_version_id_seq', 5, true);


--
-- Name: event_id_seq; Type: SEQUENCE SET; Schema: public; Owner: deployd
--

SELECT pg_catalog.setval('public.event_id_seq', 57, true);


--
-- Name: repository_id_seq; Type: SEQUENCE SET; Schema: public; Owner: deployd
--

SELECT pg_catalog.setval('public.repository_id_seq', 2, true);


--
-- Name: app app_name_key; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.app
    ADD CONSTRAINT app_name_key UNIQUE (name);


--
-- Name: app app_pkey; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.app
    ADD CONSTRAINT app_pkey PRIMARY KEY (id);


--
-- Name: app app_port_key; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.app
    ADD CONSTRAINT app_port_key UNIQUE (port);


--
-- Name: deployment deployment_one_live; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT deployment_one_live EXCLUDE USING btree (app_id WITH =) WHERE ((status = 'live'::text)) DEFERRABLE;


--
-- Name: deployment deployment_pkey; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT deployment_pkey PRIMARY KEY (id);


--
-- Name: deployment deployment_request_id_key; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT deployment_request_id_key UNIQUE (requested_by, request_id);


--
-- Name: environment environment_pkey; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.environment
    ADD CONSTRAINT environment_pkey PRIMARY KEY (version_id, name);


--
-- Name: environment_version environment_version_deployment_id_key; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.environment_version
    ADD CONSTRAINT environment_version_deployment_id_key UNIQUE (deployment_id);


--
-- Name: environment_version environment_version_of_app; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.environment_version
    ADD CONSTRAINT environment_version_of_app UNIQUE (app_id, id);


--
-- Name: environment_version environment_version_pkey; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.environment_version
    ADD CONSTRAINT environment_version_pkey PRIMARY KEY (id);


--
-- Name: event event_operation_key; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_operation_key UNIQUE (operation);


--
-- Name: event event_pkey; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (id);


--
-- Name: installation installation_pkey; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (only_row);


--
-- Name: instance instance_pkey; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.instance
    ADD CONSTRAINT instance_pkey PRIMARY KEY (deployment_id, process, number);


--
-- Name: instance instance_port_key; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.instance
    ADD CONSTRAINT instance_port_key UNIQUE (port);


--
-- Name: instance instance_unit_key; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.instance
    ADD CONSTRAINT instance_unit_key UNIQUE (unit);


--
-- Name: port_lease port_lease_of_instance; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.port_lease
    ADD CONSTRAINT port_lease_of_instance UNIQUE (deployment_id, process, number);


--
-- Name: port_lease port_lease_pkey; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.port_lease
    ADD CONSTRAINT port_lease_pkey PRIMARY KEY (port);


--
-- Name: port_lease port_lease_whole; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.port_lease
    ADD CONSTRAINT port_lease_whole UNIQUE (port, deployment_id, process, number);


--
-- Name: release release_image_tag_key; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.release
    ADD CONSTRAINT release_image_tag_key UNIQUE (image_tag);


--
-- Name: release release_of_app; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.release
    ADD CONSTRAINT release_of_app UNIQUE (app_id, id);


--
-- Name: release release_pkey; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.release
    ADD CONSTRAINT release_pkey PRIMARY KEY (id);


--
-- Name: removed_app removed_app_pkey; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.removed_app
    ADD CONSTRAINT removed_app_pkey PRIMARY KEY (id);


--
-- Name: repository repository_name_key; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.repository
    ADD CONSTRAINT repository_name_key UNIQUE (name);


--
-- Name: repository repository_pkey; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.repository
    ADD CONSTRAINT repository_pkey PRIMARY KEY (id);


--
-- Name: retired_port retired_port_pkey; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.retired_port
    ADD CONSTRAINT retired_port_pkey PRIMARY KEY (port);


--
-- Name: schema_migration schema_migration_pkey; Type: CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (version);


--
-- Name: app_environment_id_idx; Type: INDEX; Schema: public; Owner: deployd
--

CREATE INDEX app_environment_id_idx ON public.app USING btree (environment_id) WHERE (environment_id IS NOT NULL);


--
-- Name: app_repository_id_idx; Type: INDEX; Schema: public; Owner: deployd
--

CREATE INDEX app_repository_id_idx ON public.app USING btree (repository_id);


--
-- Name: deployment_app_id_idx; Type: INDEX; Schema: public; Owner: deployd
--

CREATE INDEX deployment_app_id_idx ON public.deployment USING btree (app_id, id DESC);


--
-- Name: deployment_environment_id_idx; Type: INDEX; Schema: public; Owner: deployd
--

CREATE INDEX deployment_environment_id_idx ON public.deployment USING btree (environment_id) WHERE (environment_id IS NOT NULL);


--
-- Name: deployment_finished_at_idx; Type: INDEX; Schema: public; Owner: deployd
--

CREATE INDEX deployment_finished_at_idx ON public.deployment USING btree (finished_at) WHERE (finished_at IS NOT NULL);


--
-- Name: deployment_one_running; Type: INDEX; Schema: public; Owner: deployd
--

CREATE UNIQUE INDEX deployment_one_running ON public.deployment USING btree (app_id) WHERE (status = ANY (ARRAY['fetching'::text, 'building'::text, 'releasing'::text, 'starting'::text, 'checking'::text, 'switching'::text]));


--
-- Name: deployment_release_id_idx; Type: INDEX; Schema: public; Owner: deployd
--

CREATE INDEX deployment_release_id_idx ON public.deployment USING btree (release_id) WHERE (release_id IS NOT NULL);


--
-- Name: deployment_unfinished_idx; Type: INDEX; Schema: public; Owner: deployd
--

CREATE INDEX deployment_unfinished_idx ON public.deployment USING btree (id) WHERE (status = ANY (ARRAY['queued'::text, 'fetching'::text, 'building'::text, 'releasing'::text, 'starting'::text, 'checking'::text, 'switching'::text]));


--
-- Name: environment_version_base_id_idx; Type: INDEX; Schema: public; Owner: deployd
--

CREATE INDEX environment_version_base_id_idx ON public.environment_version USING btree (base_id) WHERE (base_id IS NOT NULL);


--
-- Name: event_app_name_idx; Type: INDEX; Schema: public; Owner: deployd
--

CREATE INDEX event_app_name_idx ON public.event USING btree (app_name, id DESC);


--
-- Name: event_deployment_id_idx; Type: INDEX; Schema: public; Owner: deployd
--

CREATE INDEX event_deployment_id_idx ON public.event USING btree (deployment_id, id) WHERE (deployment_id IS NOT NULL);


--
-- Name: app app_domains_key; Type: TRIGGER; Schema: public; Owner: deployd
--

CREATE CONSTRAINT TRIGGER app_domains_key AFTER INSERT OR UPDATE OF domains ON public.app NOT DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW WHEN ((new.domains <> '{}'::text[])) EXECUTE FUNCTION public.app_domains_key();


--
-- Name: deployment deployment_begin; Type: TRIGGER; Schema: public; Owner: deployd
--

CREATE TRIGGER deployment_begin BEFORE UPDATE OF status ON public.deployment FOR EACH ROW WHEN (((old.status = 'queued'::text) AND (new.status = ANY (ARRAY['fetching'::text, 'starting'::text])))) EXECUTE FUNCTION public.deployment_begin();


--
-- Name: event event_append_only; Type: TRIGGER; Schema: public; Owner: deployd
--

CREATE TRIGGER event_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.event FOR EACH STATEMENT EXECUTE FUNCTION public.event_append_only();


--
-- Name: app app_environment_of_app; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.app
    ADD CONSTRAINT app_environment_of_app FOREIGN KEY (id, environment_id) REFERENCES public.environment_version(app_id, id);


--
-- Name: app app_repository_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.app
    ADD CONSTRAINT app_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES public.repository(id) ON DELETE RESTRICT;


--
-- Name: deployment deployment_app_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT deployment_app_id_fkey FOREIGN KEY (app_id) REFERENCES public.app(id) ON DELETE CASCADE;


--
-- Name: deployment deployment_environment_of_app; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT deployment_environment_of_app FOREIGN KEY (app_id, environment_id) REFERENCES public.environment_version(app_id, id);


--
-- Name: deployment deployment_release_of_app; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT deployment_release_of_app FOREIGN KEY (app_id, release_id) REFERENCES public.release(app_id, id) ON DELETE SET NULL (release_id);


--
-- Name: environment_version environment_version_app_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.environment_version
    ADD CONSTRAINT environment_version_app_id_fkey FOREIGN KEY (app_id) REFERENCES public.app(id) ON DELETE CASCADE;


--
-- Name: environment_version environment_version_base_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.environment_version
    ADD CONSTRAINT environment_version_base_id_fkey FOREIGN KEY (base_id) REFERENCES public.environment_version(id) ON DELETE SET NULL;


--
-- Name: environment_version environment_version_deployment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.environment_version
    ADD CONSTRAINT environment_version_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES public.deployment(id) ON DELETE CASCADE;


--
-- Name: environment environment_version_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.environment
    ADD CONSTRAINT environment_version_id_fkey FOREIGN KEY (version_id) REFERENCES public.environment_version(id) ON DELETE CASCADE;


--
-- Name: instance instance_deployment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.instance
    ADD CONSTRAINT instance_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES public.deployment(id) ON DELETE CASCADE;


--
-- Name: instance instance_port_leased; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.instance
    ADD CONSTRAINT instance_port_leased FOREIGN KEY (port, deployment_id, process, number) REFERENCES public.port_lease(port, deployment_id, process, number);


--
-- Name: port_lease port_lease_deployment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.port_lease
    ADD CONSTRAINT port_lease_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES public.deployment(id) ON DELETE CASCADE;


--
-- Name: release release_app_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.release
    ADD CONSTRAINT release_app_id_fkey FOREIGN KEY (app_id) REFERENCES public.app(id) ON DELETE CASCADE;


--
-- Name: release release_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.release
    ADD CONSTRAINT release_id_fkey FOREIGN KEY (id) REFERENCES public.deployment(id) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--

