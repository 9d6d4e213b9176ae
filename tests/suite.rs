//! End-to-end tests that run the real binaries. One test binary; one module per subject.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "suite/harness.rs"]
mod harness;
#[path = "suite/invariant.rs"]
mod invariant; // what must hold of a data directory, whatever happened

#[path = "suite/alert_html.rs"]
mod alert_html; // the HTML of a mail in headless Chromium, and names that want to be markup
#[path = "suite/alerts_command.rs"]
mod alerts_command; // osmon alerts: list, retry, drop
#[path = "suite/annotations.rs"]
mod annotations; // clock changes, reboots, missed runs, packages and kernels
#[path = "suite/annotations_kept.rs"]
mod annotations_kept; // lost counters, snapshots that could not be stored
#[path = "suite/archive.rs"]
mod archive; // backup and restore
#[path = "suite/archive_foreign.rs"]
mod archive_foreign; // archives of other programs, and from pipes
#[path = "suite/backup.rs"]
mod backup; // what is in a backup, and what is said to be missing
#[path = "suite/browser.rs"]
mod browser; // the page in headless Chromium
#[path = "suite/browser_access.rs"]
mod browser_access; // the page under axe-core in its states, and without script
#[path = "suite/browser_zoom.rs"]
mod browser_zoom; // pointer, keyboard and touch on the charts
#[path = "suite/cli.rs"]
mod cli; // help, versions, exit codes, typos, external commands
#[path = "suite/clock_steps.rs"]
mod clock_steps; // a clock that steps at the boundary of every tier
#[path = "suite/completions.rs"]
mod completions; // osmon completions and the man pages
#[path = "suite/config.rs"]
mod config; // places of errors, precedence, the last good one
#[path = "suite/config_alert.rs"]
mod config_alert; // osmon config check on [alert]
#[path = "suite/config_heal.rs"]
mod config_heal; // osmon config on [heal]
#[path = "suite/config_import.rs"]
mod config_import; // files of monit, munin, msmtp and the old systems
#[path = "suite/config_import_values.rs"]
mod config_import_values; // units, cycles, ports, and what is no configuration
#[path = "suite/config_mistakes.rs"]
mod config_mistakes; // every mistake of a file, once, in one pass
#[path = "suite/config_mistakes_heal.rs"]
mod config_mistakes_heal; // the mistakes in [heal]
#[path = "suite/config_mistakes_watched.rs"]
mod config_mistakes_watched; // the mistakes in [process] and [freshness]
#[path = "suite/consumers.rs"]
mod consumers; // who used the host: one answer, and rollups that survive damage
#[path = "suite/crisis.rs"]
mod crisis; // from breach to recovery, minute by minute
#[path = "suite/daily_status.rs"]
mod daily_status; // the daily status mail
#[path = "suite/damage.rs"]
mod damage; // damaged files, stepped clocks, kill -9
#[path = "suite/dead_man.rs"]
mod dead_man; // the dead man's switch beside the run
#[path = "suite/delivery.rs"]
mod delivery; // every misbehaviour of a mail server: nothing is lost
#[path = "suite/delivery_faults.rs"]
mod delivery_faults; // no recipient, broken configurations, damaged files
#[path = "suite/delivery_groups.rs"]
mod delivery_groups; // what is sent together, and what gets no answer
#[path = "suite/delivery_problems.rs"]
mod delivery_problems; // what is shown about delivery
#[path = "suite/disk_faults.rs"]
mod disk_faults; // disks that fill up or turn read-only
#[path = "suite/docs_mail.rs"]
mod docs_mail; // the complete examples of docs/alerts.md
#[path = "suite/doctor.rs"]
mod doctor; // osmon doctor: each fault with its remedy
#[path = "suite/ended_process.rs"]
mod ended_process; // real processes that the tests of `end` start
#[path = "suite/fixture.rs"]
mod fixture; // data directories of earlier versions
#[path = "suite/french_spaces.rs"]
mod french_spaces; // no-break spaces in French pages and mails
#[path = "suite/full.rs"]
mod full; // a full disk while a crisis begins and a day ends
#[path = "suite/fuzz.rs"]
mod fuzz; // the bodies of the fuzz targets on their seeds
#[path = "suite/graph_metric.rs"]
mod graph_metric; // osmon graph METRIC: one chart as SVG or PNG
#[path = "suite/graph_output.rs"]
mod graph_output; // where the page is written, and what is never replaced
#[path = "suite/graph_paper.rs"]
mod graph_paper; // osmon graph --pdf: the time of the data
#[path = "suite/graph_picture.rs"]
mod graph_picture; // pictures of charts: titles, units, what is left out, light and dark
#[path = "suite/heal.rs"]
mod heal; // repairs from decision to verification, and what holds them back
#[path = "suite/heal_clean.rs"]
mod heal_clean; // what a cleaning run removes, and what never
#[path = "suite/heal_clean_place.rs"]
mod heal_clean_place; // which directories are cleaned, mounts, limits of a run
#[path = "suite/heal_clean_races.rs"]
mod heal_clean_races; // changes during a cleaning run, and who uses its files
#[path = "suite/heal_clean_random.rs"]
mod heal_clean_random; // cleaning of random trees
#[path = "suite/heal_clean_tree.rs"]
mod heal_clean_tree; // a real tree to clean
#[path = "suite/heal_end.rs"]
mod heal_end; // real processes: ended, and spared
#[path = "suite/heal_end_guards.rs"]
mod heal_end_guards; // numbers that are used again, and processes that a guard protects
#[path = "suite/heal_end_recorded.rs"]
mod heal_end_recorded; // processes of a recorded host: order, and what is never ended
#[path = "suite/heal_kill.rs"]
mod heal_kill; // kill -9 at each system call of a repair
#[path = "suite/heal_lost.rs"]
mod heal_lost; // a lost state of repairs is restored from their records, and neither is without the other
#[path = "suite/heal_service.rs"]
mod heal_service; // services of a booted Debian: repaired, given up, left alone
#[path = "suite/heal_views.rs"]
mod heal_views; // what explain, history, page and mails show of repairs
#[path = "suite/health.rs"]
mod health; // one answer about the health of the host, from every command and the page
#[path = "suite/history.rs"]
mod history; // metrics over time, in every form; what is kept
#[path = "suite/history_gaps.rs"]
mod history_gaps; // gaps with their reason, and notes
#[path = "suite/history_table.rs"]
mod history_table; // names and labels in the tables
#[path = "suite/host.rs"]
mod host; // a booted Debian with cron and systemd
#[path = "suite/identity.rs"]
mod identity; // names that change, copies, moves, two hosts in one directory
#[path = "suite/imports.rs"]
mod imports; // which source file imports which
#[path = "suite/incidents.rs"]
mod incidents; // incidents, their evidence, and why they fired
#[path = "suite/init.rs"]
mod init; // osmon init: what it writes, keeps, tests and says
#[path = "suite/init_again.rs"]
mod init_again; // osmon init on a host that is set up already
#[path = "suite/init_dialog.rs"]
mod init_dialog; // osmon init at a terminal
#[path = "suite/init_host.rs"]
mod init_host; // osmon init on a booted Debian
#[path = "suite/init_mail.rs"]
mod init_mail; // osmon init with a real Postfix and a real msmtp
#[path = "suite/inject.rs"]
mod inject; // a fault at each system call
#[path = "suite/install_script.rs"]
mod install_script; // install.sh and uninstall.sh of the archive
#[path = "suite/kill.rs"]
mod kill; // kill -9 at random moments while hours and days end
#[path = "suite/layers.rs"]
mod layers; // layers, circles, bans
#[path = "suite/live.rs"]
mod live; // this very host, against other tools, and what hangs
#[path = "suite/mail_facts.rs"]
mod mail_facts; // what mails say beside the value
#[path = "suite/mail_overview.rs"]
mod mail_overview; // mails about several problems, the link to the page, the daily status, 72 columns
#[path = "suite/metrics.rs"]
mod metrics; // the list of metrics
#[path = "suite/note.rs"]
mod note; // osmon note
#[path = "suite/outbox.rs"]
mod outbox; // an outbox that cannot be listed, written or trusted
#[path = "suite/package.rs"]
mod package; // the Debian package on a booted Debian
#[path = "suite/ping.rs"]
mod ping; // the ping after a run
#[path = "suite/probe.rs"]
mod probe; // recorded hosts
#[path = "suite/probe_counters.rs"]
mod probe_counters; // broken counters, links, stacked disks
#[path = "suite/probe_disk.rs"]
mod probe_disk; // read-only views, hidden mounts, impossible sizes, odd names
#[path = "suite/probe_disk_containers.rs"]
mod probe_disk_containers; // overlays and files of containers
#[path = "suite/probe_disk_health.rs"]
mod probe_disk_health; // thin pools, multipath, ZFS, SMART and NVMe
#[path = "suite/probe_freshness.rs"]
mod probe_freshness; // the age of backups and other recurring jobs
#[path = "suite/probe_golden.rs"]
mod probe_golden; // snapshots of recorded hosts, byte for byte
#[path = "suite/probe_limits.rs"]
mod probe_limits; // limits of units and containers, full tables and queues, memory errors, hung processes, NFS
#[path = "suite/probe_limits_alarms.rs"]
mod probe_limits_alarms; // silent servers, frozen processes, drops: what is an alarm of limits
#[path = "suite/probe_memory.rs"]
mod probe_memory; // memory, processes and load as odd kernels and containers say them
#[path = "suite/probe_named.rs"]
mod probe_named; // processes watched by name, the clock, entropy
#[path = "suite/probe_processes.rs"]
mod probe_processes; // processes, units, containers and services of recorded hosts
#[path = "suite/probe_sensors.rs"]
mod probe_sensors; // odd sensors, and users and shutdowns of other architectures
#[path = "suite/probe_storage.rs"]
mod probe_storage; // arrays, pools and disks
#[path = "suite/probe_systemd.rs"]
mod probe_systemd; // aliases, units other than services, timers, waiting jobs
#[path = "suite/probe_users.rs"]
mod probe_users; // failed units of users
#[path = "suite/reachable.rs"]
mod reachable; // nobody can be notified: osmon status says so
#[path = "suite/repair.rs"]
mod repair; // osmon repair
#[path = "suite/replay.rs"]
mod replay; // the rules on the past
#[path = "suite/report.rs"]
mod report; // the page as text
#[path = "suite/report_charts.rs"]
mod report_charts; // the charts of the page
#[path = "suite/report_fire.rs"]
mod report_fire; // the page with open problems
#[path = "suite/report_first_minutes.rs"]
mod report_first_minutes; // the page in its first minutes, what is pending, and the tiles
#[path = "suite/report_french.rs"]
mod report_french; // the page in French
#[path = "suite/report_long.rs"]
mod report_long; // the page over a year
#[path = "suite/report_markers.rs"]
mod report_markers; // incidents, notes and what did not move in the charts
#[path = "suite/report_public.rs"]
mod report_public; // a public page names no service, process and user
#[path = "suite/report_reader.rs"]
mod report_reader; // the page when it is old, reloaded, printed, on a phone, touched
#[path = "suite/report_style.rs"]
mod report_style; // colours, shapes, widths
#[path = "suite/report_verdict.rs"]
mod report_verdict; // the verdict of the page, and what it must not claim
#[path = "suite/restore.rs"]
mod restore; // restoring in place: owners, faults and kills at any moment
#[path = "suite/restore_place.rs"]
mod restore_place; // owners, links, mounts and leftovers
#[path = "suite/run.rs"]
mod run; // the whole minute
#[path = "suite/run_overlap.rs"]
mod run_overlap; // runs that begin while another is at work
#[path = "suite/schedule.rs"]
mod schedule; // cron or timer on a booted Debian, and a dead cron
#[path = "suite/scripted_server.rs"]
mod scripted_server; // a mail server that misbehaves on demand
#[path = "suite/send_alert_addresses.rs"]
mod send_alert_addresses; // addresses of mails, and the name of this host
#[path = "suite/send_alert_answers.rs"]
mod send_alert_answers; // what webhooks answer, and how long messages may be
#[path = "suite/send_alert_certificates.rs"]
mod send_alert_certificates; // certificates that are trusted, and the words for others
#[path = "suite/send_alert_routes.rs"]
mod send_alert_routes; // severity, times, fallbacks, rate limits, threads, logins
#[path = "suite/send_alert_smtp.rs"]
mod send_alert_smtp; // a real Postfix, a real msmtp
#[path = "suite/send_alert_webhook.rs"]
mod send_alert_webhook; // webhooks: formats, secrets, HTTPS
#[path = "suite/services.rs"]
mod services; // every way a service goes from one state to another
#[path = "suite/short_script.rs"]
mod short_script; // the script of the page, shortened
#[path = "suite/silence.rs"]
mod silence; // osmon silence, ack and downtime
#[path = "suite/status.rs"]
mod status; // osmon status
#[path = "suite/terminal_tables.rs"]
mod terminal_tables; // incidents, history, alerts and probe as people read them
#[path = "suite/terminal_width.rs"]
mod terminal_width; // every command at a terminal of 80 columns
#[path = "suite/told.rs"]
mod told; // which mails a crisis makes: spacing, worse again, flapping, counts
#[path = "suite/uninstall.rs"]
mod uninstall; // osmon uninstall, of a user's own installation
#[path = "suite/unusual.rs"]
mod unusual; // what is learned of the hours of the week
#[path = "suite/verify.rs"]
mod verify; // osmon verify
#[path = "suite/version.rs"]
mod version; // osmon version, and the sums of downloaded files
#[path = "suite/web_server.rs"]
mod web_server; // a web server that records what it was sent
#[path = "suite/week.rs"]
mod week; // a recorded week: how often it would have called
#[path = "suite/who_may_read.rs"]
mod who_may_read; // members of group osmon read, others are told
#[path = "suite/zones.rs"]
mod zones; // hours and days of five zones against a computation of their own
#[path = "suite/zones_calendar.rs"]
mod zones_calendar; // the zones of 2026, without a time zone database
