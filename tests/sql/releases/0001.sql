-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- A database as the first release made it, with a row of everything: pg_dump of the private one of a machine where two
-- apps were deployed, one of them badly, and a third was removed. Kept for ever: tests/sql/test_upgrade.py.
--
-- PostgreSQL database dump
--


-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

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
    formation text[] DEFAULT '{web=1}'::text[] NOT NULL,
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

COMMENT ON COLUMN public.app.formation IS 'PROCESS=COUNT, one element each; not named = 0';


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
    CONSTRAINT release_digest_form CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
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
3	mute	3	private	30002	\N	running	failed			{web=1}	{}	f	0			port		0	0	0	0	0	0	{}	2026-11-22 18:01:42.9201+00
1	shop	1	internal	30000	20003	running	running	main		{web=1}	{}	f	7			port		0	0	104857600	0	0	0	{}	2026-11-22 18:01:40.442651+00
\.


--
-- Data for Name: deployment; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.deployment (id, app_id, kind, status, requested_revision, revision, image_tag, release_id, assigned_port, created_at, started_at, finished_at, error_summary, logs_path, requested_by, request_id) FROM stdin;
1	1	deploy	superseded		ba2c1b4c77f4719450fcc682c69ccc544fedc7e0	shop:ba2c1b4c77f4-1	1	20000	2026-11-22 18:01:40.497784+00	2026-11-22 18:01:40.505111+00	2026-11-22 18:01:41.304502+00		/var/lib/deployd/logs/1/1.zst	0	\N
3	3	deploy	failed		601e7cfec3de15d6cd12f5ac95b5edb09e7def63	mute:601e7cfec3de-3	\N	20002	2026-11-22 18:01:42.990145+00	2026-11-22 18:01:43.000138+00	2026-11-22 18:01:43.695315+00	web.1 exited with status 3 before it listened on port 20002: no apples left	/var/lib/deployd/logs/3/3.zst	0	\N
2	1	deploy	superseded		ba2c1b4c77f4719450fcc682c69ccc544fedc7e0	shop:ba2c1b4c77f4-2	2	20001	2026-11-22 18:01:41.409458+00	2026-11-22 18:01:41.414976+00	2026-11-22 18:01:42.465234+00		/var/lib/deployd/logs/1/2.zst	0	\N
4	1	deploy	live		ba2c1b4c77f4719450fcc682c69ccc544fedc7e0	shop:ba2c1b4c77f4-4	4	20003	2026-11-22 18:01:43.854091+00	2026-11-22 18:01:43.857282+00	2026-11-22 18:01:48.402297+00		/var/lib/deployd/logs/1/4.zst	0	\N
\.


--
-- Data for Name: environment; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.environment (app_id, name, value, key_id) FROM stdin;
1	PRICE	\\x32	0
\.


--
-- Data for Name: event; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.event (id, at, operation, actor_uid, verb, repository_name, app_name, deployment_id, from_status, to_status, detail) FROM stdin;
1	2026-11-22 18:01:40.412699+00	afd30c98-f1ab-4cc9-8dd5-7b4881beaf0d	0	repository-create	shop		\N			http://127.0.0.1:8418/shop.git
2	2026-11-22 18:01:40.442651+00	ac874c30-ebf4-4718-a97b-1d8860b6aa92	0	app-create	shop	shop	\N			
3	2026-11-22 18:01:40.461084+00	8cac0f0f-2af8-405e-bbaf-744cdeb3532a	0	environment-set		shop	\N			PRICE
4	2026-11-22 18:01:40.497784+00	9a81c4c1-af2d-4afe-bfa6-93a19bfaf890	0	deploy		shop	1		queued	
5	2026-11-22 18:01:40.505111+00	4c19a088-517b-415c-b2af-1f06d515855c	\N	deployment-move		shop	1	queued	fetching	its turn has come
6	2026-11-22 18:01:40.807416+00	7c45e154-2cf6-49c8-9c48-d83f97729993	\N	repository-fetched	shop		\N			ba2c1b4c77f4719450fcc682c69ccc544fedc7e0
7	2026-11-22 18:01:40.9486+00	b006c213-2044-4544-8662-385280073369	\N	deployment-move		shop	1	fetching	starting	its release is complete
8	2026-11-22 18:01:41.184306+00	efe974a4-1a0c-484c-8170-39c84beecf7f	\N	deployment-move		shop	1	starting	checking	its processes run
9	2026-11-22 18:01:41.301885+00	1ec54dd2-866d-4136-9fa8-22d5814e5060	\N	deployment-move		shop	1	checking	switching	it listens on its port
10	2026-11-22 18:01:41.304502+00	e6b61e02-bacb-4a69-9703-5b3182c20afe	\N	deployment-move		shop	1	switching	live	requests go to it
11	2026-11-22 18:01:41.409458+00	b0315c94-4cd7-4f84-9a60-4427f4a6eab6	0	deploy		shop	2		queued	
12	2026-11-22 18:01:41.414976+00	8ee1f91f-84a2-4124-bc4f-e6044dc09f50	\N	deployment-move		shop	2	queued	fetching	its turn has come
13	2026-11-22 18:01:41.668404+00	8ac10053-af56-4262-b8b5-dbed188cf73f	\N	repository-fetched	shop		\N			ba2c1b4c77f4719450fcc682c69ccc544fedc7e0
14	2026-11-22 18:01:41.887889+00	fec81f84-110e-4dd8-87d2-6fc020c40957	\N	deployment-move		shop	2	fetching	starting	its release is complete
15	2026-11-22 18:01:42.220349+00	05350dce-1812-4e7f-9f51-3dfca18c6f9a	\N	deployment-move		shop	2	starting	checking	its processes run
16	2026-11-22 18:01:42.46207+00	555fa7ba-41cc-4037-8475-68cd7ee9655a	\N	deployment-move		shop	2	checking	switching	it listens on its port
17	2026-11-22 18:01:42.465234+00	728e7f99-3375-47a2-b3d5-836da8e897e6	\N	deployment-move		shop	2	switching	live	requests go to it
18	2026-11-22 18:01:42.465234+00	\N	\N	deployment-move		shop	1	live	superseded	a newer deployment is live
19	2026-11-22 18:01:42.634917+00	a8df9e73-e97b-45aa-bbc1-da0fb521f8d1	0	repository-create	old		\N			http://127.0.0.1:8418/old.git
20	2026-11-22 18:01:42.677619+00	309c08ef-d285-47e7-9210-d5002d293beb	0	app-create	old	old	\N			
21	2026-11-22 18:01:42.730273+00	d179f95a-2a46-470e-87d0-d1d6179bdd44	0	app-remove		old	\N			
22	2026-11-22 18:01:42.875827+00	7e07ea1b-4822-46b2-8a9d-a02a7a63f46e	0	repository-create	mute		\N			http://127.0.0.1:8418/mute.git
23	2026-11-22 18:01:42.9201+00	7eb00b44-ab55-4c72-bb16-570be7e4571e	0	app-create	mute	mute	\N			
24	2026-11-22 18:01:42.990145+00	7e961e57-9a64-4a9a-bccc-ebf6e1210a61	0	deploy		mute	3		queued	
25	2026-11-22 18:01:43.000138+00	5765931e-e6d4-43cd-ba28-c40462c88d72	\N	deployment-move		mute	3	queued	fetching	its turn has come
26	2026-11-22 18:01:43.314047+00	a98732b9-22ad-4955-8b05-da6027b0e480	\N	repository-fetched	mute		\N			601e7cfec3de15d6cd12f5ac95b5edb09e7def63
27	2026-11-22 18:01:43.419149+00	a321ae28-9bfc-411f-b524-e07d6c2d46ea	\N	deployment-move		mute	3	fetching	starting	its release is complete
28	2026-11-22 18:01:43.695315+00	b29ce7bc-a68f-46aa-8122-1d22001158a6	\N	deployment-move		mute	3	starting	failed	a process could not be started
29	2026-11-22 18:01:43.80544+00	ed7101bf-18ed-4976-8231-d027bb6d6c77	0	app-set		shop	\N			
30	2026-11-22 18:01:43.854091+00	0325a174-2dc2-4743-98ad-9f2e23b9758e	0	deploy		shop	4		queued	
31	2026-11-22 18:01:43.857282+00	e4e1ae1e-d7d8-4bf2-abf8-3eb61cc7cf7f	\N	deployment-move		shop	4	queued	fetching	its turn has come
32	2026-11-22 18:01:44.170583+00	b326400d-2d47-4e00-bc40-56a5ea4120b6	\N	repository-fetched	shop		\N			ba2c1b4c77f4719450fcc682c69ccc544fedc7e0
33	2026-11-22 18:01:44.377067+00	420673ee-6009-4f18-82a0-6fdc1e71f0dd	\N	deployment-move		shop	4	fetching	starting	its release is complete
34	2026-11-22 18:01:44.736657+00	b24587c4-0b2f-4831-8022-79d79deae3be	\N	deployment-move		shop	4	starting	checking	its processes run
35	2026-11-22 18:01:44.918328+00	24ded8f7-6eff-477e-aa3e-601e476b8956	\N	deployment-move		shop	4	checking	switching	it listens on its port
36	2026-11-22 18:01:48.402297+00	3bb8c624-e29c-441c-9a10-e83be9ccb4d6	\N	deployment-move		shop	4	switching	live	requests go to it
37	2026-11-22 18:01:48.402297+00	\N	\N	deployment-move		shop	2	live	superseded	a newer deployment is live
\.


--
-- Data for Name: instance; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.instance (deployment_id, process, number, port, unit) FROM stdin;
4	web	1	20003	deployd-app-shop-4.web.1.service
\.


--
-- Data for Name: port_lease; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.port_lease (port, deployment_id, process, number, leased_at) FROM stdin;
20003	4	web	1	2026-11-22 18:01:44.377067+00
\.


--
-- Data for Name: release; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.release (id, app_id, revision, image_tag, digest, files, bytes, processes, created_at) FROM stdin;
1	1	ba2c1b4c77f4719450fcc682c69ccc544fedc7e0	shop:ba2c1b4c77f4-1	0ee7a42af5186ffd8e26e952d017512f7ac09515e2896200889ec632a0035c42	3	1306	{web}	2026-11-22 18:01:40.9486+00
2	1	ba2c1b4c77f4719450fcc682c69ccc544fedc7e0	shop:ba2c1b4c77f4-2	0ee7a42af5186ffd8e26e952d017512f7ac09515e2896200889ec632a0035c42	3	1306	{web}	2026-11-22 18:01:41.887889+00
4	1	ba2c1b4c77f4719450fcc682c69ccc544fedc7e0	shop:ba2c1b4c77f4-4	0ee7a42af5186ffd8e26e952d017512f7ac09515e2896200889ec632a0035c42	3	1306	{web}	2026-11-22 18:01:44.377067+00
\.


--
-- Data for Name: repository; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.repository (id, name, git_url, default_branch, head_revision, last_fetched_at, fetches, created_at) FROM stdin;
2	old	http://127.0.0.1:8418/old.git			\N	0	2026-11-22 18:01:42.634917+00
3	mute	http://127.0.0.1:8418/mute.git		601e7cfec3de15d6cd12f5ac95b5edb09e7def63	2026-11-22 18:01:43.314047+00	1	2026-11-22 18:01:42.875827+00
1	shop	http://127.0.0.1:8418/shop.git		ba2c1b4c77f4719450fcc682c69ccc544fedc7e0	2026-11-22 18:01:44.170583+00	3	2026-11-22 18:01:40.412699+00
\.


--
-- Data for Name: retired_port; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.retired_port (port, retired_at) FROM stdin;
30001	2026-11-22 18:01:42.730273+00
\.


--
-- Data for Name: schema_migration; Type: TABLE DATA; Schema: public; Owner: deployd
--

COPY public.schema_migration (version, name, sha256, applied_at) FROM stdin;
1	0001_initial	68e869b03921f8791728ea466daf505ca33f92c2669941b50db3816ffb6a2292	2026-11-22 18:01:40.025015+00
\.


--
-- Name: app_id_seq; Type: SEQUENCE SET; Schema: public; Owner: deployd
--

SELECT pg_catalog.setval('public.app_id_seq', 3, true);


--
-- Name: deployment_id_seq; Type: SEQUENCE SET; Schema: public; Owner: deployd
--

SELECT pg_catalog.setval('public.deployment_id_seq', 4, true);


--
-- Name: event_id_seq; Type: SEQUENCE SET; Schema: public; Owner: deployd
--

SELECT pg_catalog.setval('public.event_id_seq', 37, true);


--
-- Name: repository_id_seq; Type: SEQUENCE SET; Schema: public; Owner: deployd
--

SELECT pg_catalog.setval('public.repository_id_seq', 3, true);


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


