-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- A database as the second release made it, with a row of everything: pg_dump after a run of that release's own statements, in
-- which three apps were deployed (one of them badly), a fourth was removed, and a rollback and two redeploys wait behind
-- deployments that are under way. Kept for ever: tests/sql/test_upgrade.py.
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
    CONSTRAINT deployment_error_summary_if_failed CHECK (((status = 'failed'::text) = ((error_summary)::text <> ''::text))),
    CONSTRAINT deployment_error_summary_length CHECK ((char_length((error_summary)::text) <= 1000)),
    CONSTRAINT deployment_finished_at_if_ended CHECK (((status = ANY (ARRAY['live'::text, 'superseded'::text, 'failed'::text, 'cancelled'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT deployment_kind_word CHECK ((kind = ANY (ARRAY['deploy'::text, 'rollback'::text, 'redeploy'::text]))),
    CONSTRAINT deployment_release_if_started CHECK (((status <> ALL (ARRAY['releasing'::text, 'starting'::text, 'checking'::text, 'switching'::text, 'live'::text])) OR (release_id IS NOT NULL))),
    CONSTRAINT deployment_request_id_length CHECK (((char_length((request_id)::text) >= 1) AND (char_length((request_id)::text) <= 128))),
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
    app_id bigint NOT NULL,
    name text NOT NULL,
    value bytea NOT NULL,
    key_id integer DEFAULT 0 NOT NULL,
    CONSTRAINT environment_key_id_range CHECK ((key_id >= 0)),
    CONSTRAINT environment_name_form CHECK ((name ~ '^[A-Za-z_][A-Za-z0-9_]{0,254}$'::text)),
    CONSTRAINT environment_value_length CHECK ((octet_length(value) <= 131072))
);


ALTER TABLE public.environment OWNER TO deployd;

--
-- Name: TABLE environment; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON TABLE public.environment IS 'environment of apps';


--
-- Name: COLUMN environment.key_id; Type: COMMENT; Schema: public; Owner: deployd
--

COMMENT ON COLUMN public.environment.key_id IS 'key the value is sealed with; 0 = not sealed';


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

COPY public.app (id, name, repository_id, access_mode, port, current_port, wanted, status, branch, directory, formation, domains, auto_deploy, keep_releases, buildpack, build_command, readiness, health_check_path, health_check_timeout_usec, stop_timeout_usec, memory_max, tasks_max, cpu_quota_usec, idle_timeout_usec, connect_to, created_at) FROM stdin;
4	blog	1	private	8003	20000	running	deploying			{}	{}	f	0			port		0	0	0	0	0	0	{}	2026-11-30 00:04:21.102502+00
1	shop	1	internal	8000	20001	running	deploying	main	web	{}	{}	f	0		make	port	/up	7000000	0	104857600	0	0	0	{}	2026-11-30 00:04:21.092288+00
3	mute	2	private	8002	\N	stopped	stopped			{}	{}	f	0			port		0	0	0	0	0	0	{}	2026-11-30 00:04:21.101715+00
\.


--
-- Data for Name: deployment; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.deployment (id, app_id, kind, status, requested_revision, revision, image_tag, release_id, assigned_port, created_at, started_at, finished_at, error_summary, logs_path, requested_by, request_id) FROM stdin;
2	1	deploy	live		0123456789abcdef0123456789abcdef01234567	shop:0123456789ab-2	2	20001	2026-11-30 00:04:21.140323+00	2026-11-30 00:04:21.141121+00	2026-11-30 00:04:21.149998+00			1000	\N
1	1	deploy	superseded	main	0123456789abcdef0123456789abcdef01234567	shop:0123456789ab-1	1	20000	2026-11-30 00:04:21.119024+00	2026-11-30 00:04:21.122075+00	2026-11-30 00:04:21.139387+00		/var/lib/deployd/logs/1/1.log.zst	1000	\N
3	3	deploy	failed				\N	\N	2026-11-30 00:04:21.155029+00	2026-11-30 00:04:21.158003+00	2026-11-30 00:04:21.158547+00	no		1000	\N
4	3	deploy	cancelled				\N	\N	2026-11-30 00:04:21.159154+00	\N	2026-11-30 00:04:21.159857+00			1000	\N
5	4	deploy	live		0123456789abcdef0123456789abcdef01234567	blog:0123456789ab-5	5	20000	2026-11-30 00:04:21.16203+00	2026-11-30 00:04:21.165383+00	2026-11-30 00:04:21.175185+00			1000	\N
6	4	deploy	starting	next	0123456789abcdef0123456789abcdef01234567	blog:0123456789ab-6	6	20002	2026-11-30 00:04:21.175905+00	2026-11-30 00:04:21.178007+00	\N			1000	\N
7	1	deploy	fetching	next			\N	\N	2026-11-30 00:04:21.186013+00	2026-11-30 00:04:21.18688+00	\N			1000	\N
8	1	rollback	queued	main	0123456789abcdef0123456789abcdef01234567	shop:0123456789ab-1	1	\N	2026-11-30 00:04:21.190008+00	\N	\N			1000	\N
9	1	redeploy	queued		0123456789abcdef0123456789abcdef01234567	shop:0123456789ab-2	2	\N	2026-11-30 00:04:21.190982+00	\N	\N			1000	\N
10	1	redeploy	queued		0123456789abcdef0123456789abcdef01234567	shop:0123456789ab-2	2	\N	2026-11-30 00:04:21.19172+00	\N	\N			1000	\N
11	4	deploy	queued				\N	\N	2026-11-30 00:04:21.192871+00	\N	\N			1000	\N
\.


--
-- Data for Name: environment; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.environment (app_id, name, value, key_id) FROM stdin;
3	PRICE	\\x32	0
1	PRICE	\\x32	0
1	GREETING	\\x6e61c3af76650a2774776f27	0
\.


--
-- Data for Name: event; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.event (id, at, operation, actor_uid, verb, repository_name, app_name, deployment_id, from_status, to_status, detail) FROM stdin;
1	2026-11-30 00:04:21.090366+00	c8d07864-e361-43f8-b081-9b8ad57b18d6	1000	repository-create	shop		\N			https://git.example/shop.git
2	2026-11-30 00:04:21.091835+00	af8dfe5a-5adf-491e-8714-0a2bd626dbe4	1000	repository-create	mute		\N			https://git.example/shop.git
3	2026-11-30 00:04:21.092288+00	83997606-9da9-451b-a820-e9b67c492ebc	1000	app-create	shop	shop	\N			
4	2026-11-30 00:04:21.100539+00	1e002ab5-6c2e-48b3-96fe-ec9f0c06478a	1000	app-create	shop	old	\N			
5	2026-11-30 00:04:21.101715+00	0d0d9d22-1e1a-4863-8411-629c62dfca23	1000	app-create	mute	mute	\N			
6	2026-11-30 00:04:21.102502+00	6fcafd9d-93e6-4f14-9b3f-40c6aeb6616c	1000	app-create	shop	blog	\N			
7	2026-11-30 00:04:21.108376+00	5527a616-276c-4ce8-9b32-c64c680e0a83	1000	repository-fetched	shop		\N			0123456789abcdef0123456789abcdef01234567
8	2026-11-30 00:04:21.108841+00	29923f8c-0bc1-48da-af4f-23886493f93e	1000	app-set		shop	\N			
9	2026-11-30 00:04:21.10942+00	098b8462-bfff-456e-b5d5-57e98cd43656	1000	environment-set		shop	\N			PRICE GREETING
10	2026-11-30 00:04:21.118014+00	a3e7d76b-66d9-4a52-8fbc-c14fd5ee5d61	1000	app-remove		old	\N			
11	2026-11-30 00:04:21.119024+00	7b1247cb-d0fa-4e79-908e-79989bd1d029	1000	deploy		shop	1		queued	main
12	2026-11-30 00:04:21.122075+00	ba17faba-ffa8-4f8a-8412-3353aba80c4e	1000	deployment-move		shop	1	queued	fetching	its turn has come
13	2026-11-30 00:04:21.12372+00	b42a6ed9-0307-4587-89c1-58d3717f6fb2	1000	deployment-move		shop	1	fetching	starting	its release is complete
14	2026-11-30 00:04:21.138111+00	18d807fd-f090-4c71-a88d-073845d17c3d	1000	deployment-move		shop	1	starting	checking	its processes run
15	2026-11-30 00:04:21.13883+00	36b02a8f-21a7-4770-900e-b261d3912605	1000	deployment-move		shop	1	checking	switching	it listens on its port
16	2026-11-30 00:04:21.139387+00	9d16312a-4af6-4c81-a8d2-5dfb18c65664	1000	deployment-move		shop	1	switching	live	requests go to it
17	2026-11-30 00:04:21.140323+00	c2b639b7-340e-4c4c-ad24-50bc6e9d0eb0	1000	deploy		shop	2		queued	
18	2026-11-30 00:04:21.141121+00	659ce465-3808-4d4b-b2ae-f552af61cee8	1000	deployment-move		shop	2	queued	fetching	its turn has come
19	2026-11-30 00:04:21.142414+00	f972acd3-1345-492f-a1f8-5670b883dc76	1000	deployment-move		shop	2	fetching	starting	its release is complete
20	2026-11-30 00:04:21.146017+00	783c1391-7b77-4c13-b6f0-c3b9378fc712	1000	deployment-move		shop	2	starting	checking	its processes run
21	2026-11-30 00:04:21.146556+00	81d13028-f6f0-48e7-afc3-d631a3543b83	1000	deployment-move		shop	2	checking	switching	it listens on its port
22	2026-11-30 00:04:21.149998+00	8bc4126d-fffd-4aea-a159-9fb9064fa8d5	1000	deployment-move		shop	2	switching	live	requests go to it
23	2026-11-30 00:04:21.149998+00	\N	1000	deployment-move		shop	1	live	superseded	a newer deployment is live
24	2026-11-30 00:04:21.154275+00	a2509337-8841-4304-a2dc-45bafd9de5a2	1000	environment-set		mute	\N			PRICE
25	2026-11-30 00:04:21.155029+00	f8845482-d766-443b-b63e-725364dc6aa4	1000	deploy		mute	3		queued	
26	2026-11-30 00:04:21.158003+00	f9b0370a-c75b-4324-b87d-a34b03fd2d0e	1000	deployment-move		mute	3	queued	fetching	its turn has come
27	2026-11-30 00:04:21.158547+00	86e2c1c7-f22e-40f9-a32a-8fdf273233a8	1000	deployment-move		mute	3	fetching	failed	the commit could not be made a release
28	2026-11-30 00:04:21.159154+00	f9b02065-cc4e-4238-8efa-a43f1b0e0c48	1000	deploy		mute	4		queued	
29	2026-11-30 00:04:21.159857+00	62795b48-ccfc-418d-9223-b7586ba46853	1000	deployment-move		mute	4	queued	cancelled	it had not begun
30	2026-11-30 00:04:21.16203+00	abd85527-4ffa-4e40-96d8-efa3349520cd	1000	deploy		blog	5		queued	
31	2026-11-30 00:04:21.165383+00	51a056a1-b01a-4f6f-9302-4b337048ff06	1000	deployment-move		blog	5	queued	fetching	its turn has come
32	2026-11-30 00:04:21.170026+00	73a89f3f-d07d-4a92-842e-c00d661d28ae	1000	deployment-move		blog	5	fetching	starting	its release is complete
33	2026-11-30 00:04:21.174093+00	e3ed6777-d388-4228-8378-550644492c6c	1000	deployment-move		blog	5	starting	checking	its processes run
34	2026-11-30 00:04:21.174713+00	ce02340a-69be-4eb5-bd08-74700f76dfb0	1000	deployment-move		blog	5	checking	switching	it listens on its port
35	2026-11-30 00:04:21.175185+00	57cd008d-24d6-461f-b55e-0109810d1482	1000	deployment-move		blog	5	switching	live	requests go to it
36	2026-11-30 00:04:21.175905+00	852f48c7-b4a5-463d-9934-bbdf068ab42c	1000	deploy		blog	6		queued	next
37	2026-11-30 00:04:21.178007+00	67e2efc2-0a81-4d91-b332-f4b8bda31a75	1000	deployment-move		blog	6	queued	fetching	its turn has come
38	2026-11-30 00:04:21.179203+00	aefeeb33-617b-4ef5-a238-bced08f85a7e	1000	deployment-move		blog	6	fetching	starting	its release is complete
39	2026-11-30 00:04:21.186013+00	af7f1eee-e05f-4c36-93e8-f7c141a058c4	1000	deploy		shop	7		queued	next
40	2026-11-30 00:04:21.18688+00	84907b7b-0f5f-4375-8ea0-323db80a5aa7	1000	deployment-move		shop	7	queued	fetching	its turn has come
41	2026-11-30 00:04:21.190008+00	2173769c-3dca-40b5-91fa-af4128451f1e	1000	rollback		shop	8			
42	2026-11-30 00:04:21.190982+00	20569e8e-66b6-47e1-8cfe-e42f25d9aff3	1000	redeploy		shop	9			
43	2026-11-30 00:04:21.19172+00	8ba85a2a-c7c8-43ef-b1d1-77b7fa103b4d	1000	environment-set		shop	10			PRICE GREETING
44	2026-11-30 00:04:21.192871+00	efeba193-bc46-4abe-beb5-6676e128f70a	1000	deploy		blog	11		queued	
45	2026-11-30 00:04:21.193574+00	5982c790-77e0-4bec-a6fd-4aa6e62cdf2e	1000	app-stop		mute	\N		stopped	
\.


--
-- Data for Name: instance; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.instance (deployment_id, process, number, port, unit) FROM stdin;
2	web	1	20001	deployd-app-shop-2.web.1.service
5	web	1	20000	deployd-app-blog-5.web.1.service
6	web	1	20002	deployd-app-blog-6.web.1.service
\.


--
-- Data for Name: port_lease; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.port_lease (port, deployment_id, process, number, leased_at) FROM stdin;
20001	2	web	1	2026-11-30 00:04:21.142414+00
20000	5	web	1	2026-11-30 00:04:21.170026+00
20002	6	web	1	2026-11-30 00:04:21.179203+00
\.


--
-- Data for Name: release; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.release (id, app_id, revision, image_tag, digest, files, bytes, processes, created_at, build_key, buildpack, formation, health_check_path, health_check_attempts, health_check_timeout_usec, health_check_wait_usec) FROM stdin;
1	1	0123456789abcdef0123456789abcdef01234567	shop:0123456789ab-1	0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef	3	4096	{web,worker}	2026-11-30 00:04:21.122742+00	fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210	node	{web=1,worker=9999}	/up	7	8	9
2	1	0123456789abcdef0123456789abcdef01234567	shop:0123456789ab-2	0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef	3	4096	{web,worker}	2026-11-30 00:04:21.141728+00	fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210	node	{web=1,worker=9999}	/up	7	8	9
5	4	0123456789abcdef0123456789abcdef01234567	blog:0123456789ab-5	0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef	3	4096	{web,worker}	2026-11-30 00:04:21.16592+00	fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210	node	{web=1,worker=9999}	/up	7	8	9
6	4	0123456789abcdef0123456789abcdef01234567	blog:0123456789ab-6	0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef	3	4096	{web,worker}	2026-11-30 00:04:21.178669+00	fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210	node	{web=1,worker=9999}	/up	7	8	9
\.


--
-- Data for Name: repository; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.repository (id, name, git_url, default_branch, head_revision, last_fetched_at, fetches, created_at) FROM stdin;
2	mute	https://git.example/shop.git	main		\N	0	2026-11-30 00:04:21.091835+00
1	shop	https://git.example/shop.git	main	0123456789abcdef0123456789abcdef01234567	2026-11-30 00:04:21.108376+00	1	2026-11-30 00:04:21.090366+00
\.


--
-- Data for Name: retired_port; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.retired_port (port, retired_at) FROM stdin;
8001	2026-11-30 00:04:21.118014+00
\.


--
-- Data for Name: schema_migration; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.schema_migration (version, name, sha256, applied_at) FROM stdin;
1	0001_initial	68e869b03921f8791728ea466daf505ca33f92c2669941b50db3816ffb6a2292	2026-11-30 00:04:21.03686+00
2	0002_builds	87c19b96cdb88f539c5f61a007d8300ffd991f52149eb9c4f00de50db5204125	2026-11-30 00:04:21.076019+00
\.


--
-- Name: app_id_seq; Type: SEQUENCE SET; Schema: public; Owner: deployd
--

SELECT pg_catalog.setval('public.app_id_seq', 4, true);


--
-- Name: deployment_id_seq; Type: SEQUENCE SET; Schema: public; Owner: deployd
--

SELECT pg_catalog.setval('public.deployment_id_seq', 11, true);


--
-- Name: event_id_seq; Type: SEQUENCE SET; Schema: public; Owner: deployd
--

SELECT pg_catalog.setval('public.event_id_seq', 45, true);


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
    ADD CONSTRAINT environment_pkey PRIMARY KEY (app_id, name);


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
-- Name: app_repository_id_idx; Type: INDEX; Schema: public; Owner: deployd
--

CREATE INDEX app_repository_id_idx ON public.app USING btree (repository_id);


--
-- Name: deployment_app_id_idx; Type: INDEX; Schema: public; Owner: deployd
--

CREATE INDEX deployment_app_id_idx ON public.deployment USING btree (app_id, id DESC);


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
-- Name: event event_append_only; Type: TRIGGER; Schema: public; Owner: deployd
--

CREATE TRIGGER event_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.event FOR EACH STATEMENT EXECUTE FUNCTION public.event_append_only();


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
-- Name: deployment deployment_release_of_app; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT deployment_release_of_app FOREIGN KEY (app_id, release_id) REFERENCES public.release(app_id, id) ON DELETE SET NULL (release_id);


--
-- Name: environment environment_app_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: deployd
--

ALTER TABLE ONLY public.environment
    ADD CONSTRAINT environment_app_id_fkey FOREIGN KEY (app_id) REFERENCES public.app(id) ON DELETE CASCADE;


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


