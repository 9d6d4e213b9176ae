//! The words of the page in its languages. English is the key; what is not translated stays English.

use crate::base::clock::local_form;
use crate::base::units;
use chrono::{DateTime, Utc};

/// Which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
}

impl Language {
    /// As the configuration writes it.
    pub fn of(tag: &str) -> Self {
        if tag == "fr" { Self::French } else { Self::English }
    }
}

/// A language.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    language: Language,
}

impl Words {
    /// The words of a language.
    pub fn new(language: Language) -> Self {
        Self { language }
    }

    /// The tag of the language (RFC 5646).
    pub fn tag(self) -> &'static str {
        match self.language {
            Language::English => "en",
            Language::French => "fr",
        }
    }

    /// A word or sentence in this language.
    pub fn of(self, english: &str) -> &str {
        match self.language {
            Language::English => english,
            Language::French => FRENCH.iter().find(|(key, _)| *key == english).map_or(english, |(_, french)| french),
        }
    }

    /// The same with `{}` replaced by a text.
    pub fn with(self, english: &str, text: &str) -> String {
        self.of(english).replacen("{}", text, 1)
    }

    /// `1 core`, `2 cores`.
    pub fn count(self, count: usize, one: &str, many: &str) -> String {
        // In French 0 is singular.
        let is_one = count == 1 || (count == 0 && self.language == Language::French);
        format!("{count} {}", self.of(if is_one { one } else { many }))
    }

    /// A span in its two largest units.
    pub fn duration(self, seconds: f64) -> String {
        let text = units::duration(seconds);
        match self.language {
            Language::English => text,
            Language::French => text.replace(" d", " j"),
        }
    }

    /// A day of the week, from `1` (Monday) to `7`.
    pub fn weekday(self, number: &str) -> &'static str {
        let names = match self.language {
            Language::English => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
            Language::French => ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."],
        };
        number.parse::<usize>().ok().and_then(|at| names.get(at.wrapping_sub(1)).copied()).unwrap_or_default()
    }

    /// A month, from `01` to `12`.
    pub fn month(self, number: &str) -> &'static str {
        let names = match self.language {
            Language::English => ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
            Language::French => {
                ["janv.", "févr.", "mars", "avril", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]
            }
        };
        number.parse::<usize>().ok().and_then(|at| names.get(at.wrapping_sub(1)).copied()).unwrap_or_default()
    }

    /// A moment for people: the time of day, with the day before it when it is not today's.
    pub fn moment(self, time: DateTime<Utc>, now: DateTime<Utc>) -> String {
        if local_form(time, "%F") == local_form(now, "%F") {
            return local_form(time, "%H:%M");
        }
        let day = local_form(time, "%d");
        let month = self.month(&local_form(time, "%m"));
        let year = if local_form(time, "%Y") == local_form(now, "%Y") { "" } else { &local_form(time, " %Y") };
        format!("{} {month}{year} {}", day.trim_start_matches('0'), local_form(time, "%H:%M"))
    }
}

/// English and French.
const FRENCH: &[(&str, &str)] = &[
    ("Healthy", "En bonne santé"),
    ("Degraded", "Dégradé"),
    ("Critical", "Critique"),
    ("Unknown", "Inconnu"),
    ("no snapshot yet", "aucune mesure"),
    ("no snapshot for {}", "aucune mesure depuis {}"),
    ("{} in the last 24 h", "{} depuis 24 h"),
    ("snapshot", "mesure"),
    ("snapshots", "mesures"),
    ("no open problems", "aucun problème en cours"),
    ("open problem", "problème en cours"),
    ("open problems", "problèmes en cours"),
    ("problem", "problème"),
    ("problems", "problèmes"),
    ("since {}", "depuis {}"),
    ("limit {}", "seuil {}"),
    ("recovering", "en voie de guérison"),
    ("the last: {}", "le dernier : {}"),
    ("{} ago", "il y a {}"),
    ("lasted {}", "a duré {}"),
    ("not measured: {}", "non mesuré : {}"),
    ("Not measured: {}", "Non mesuré : {}"),
    ("not measured", "non mesuré"),
    ("up {}", "en marche depuis {}"),
    ("core", "cœur"),
    ("cores", "cœurs"),
    ("logged in", "connecté(s)"),
    ("Measured {} ago", "Mesuré il y a {}"),
    ("Measured {}", "Mesuré {}"),
    ("Nothing measured yet", "Rien n'a encore été mesuré"),
    (
        "This page is {} old. osmon or cron may have stopped: what it shows is not the present.",
        "Cette page a {}. osmon ou cron est peut-être arrêté : ce qu'elle montre n'est pas le présent.",
    ),
    ("At a glance", "En bref"),
    ("Needs attention", "À surveiller"),
    ("No open problems.", "Aucun problème en cours."),
    ("the rules were never judged", "les règles n'ont jamais été évaluées"),
    ("the rules were last judged {} ago", "les règles ont été évaluées pour la dernière fois il y a {}"),
    ("warnings", "avertissements"),
    ("acknowledged", "acquitté"),
    ("silenced", "mis en silence"),
    ("until {}", "jusqu'à {}"),
    ("osmon itself is in trouble; osmon status says more", "osmon lui-même a des ennuis ; osmon status en dit plus"),
    ("Who: {}", "Qui : {}"),
    ("What changed", "Ce qui a changé"),
    ("Nothing in the last 7 days.", "Rien depuis 7 jours."),
    ("Alerts", "Alertes"),
    ("Recoveries", "Retours"),
    ("Changes", "Changements"),
    ("Notes", "Notes"),
    ("Show", "Montrer"),
    ("Last 90 days", "90 derniers jours"),
    ("no data", "pas de données"),
    ("healthy", "sain"),
    ("warning", "alerte"),
    ("critical", "critique"),
    ("Days with problems", "Jours à problèmes"),
    ("90 days ago", "il y a 90 jours"),
    ("today", "aujourd'hui"),
    ("Host", "Machine"),
    ("1 hour", "1 heure"),
    ("24 hours", "24 heures"),
    ("7 days", "7 jours"),
    ("30 days", "30 jours"),
    ("1 year", "1 an"),
    ("Range", "Période"),
    ("Compare", "Comparer"),
    ("the day before", "la veille"),
    ("the week before", "la semaine d'avant"),
    ("nothing", "à rien"),
    ("Whole range", "Toute la période"),
    ("Drag over a chart to zoom in.", "Glissez sur un graphique pour agrandir."),
    ("times are {}", "heures en {}"),
    ("No data", "Pas de données"),
    ("no reason was recorded", "aucune raison n'est connue"),
    ("Line", "Courbe"),
    ("now", "actuel"),
    ("min", "min"),
    ("avg", "moy."),
    ("max", "max"),
    ("CPU", "Processeur"),
    ("Memory", "Mémoire"),
    ("Pressure", "Pression"),
    ("Load", "Charge"),
    ("Disk transfer", "Transferts disque"),
    ("Disk latency", "Latence disque"),
    ("File systems", "Systèmes de fichiers"),
    ("Network", "Réseau"),
    ("Processes", "Processus"),
    ("Temperature", "Température"),
    ("CPU of units", "Processeur par unité"),
    ("Memory of units", "Mémoire par unité"),
    ("user", "utilisateur"),
    ("system", "système"),
    ("I/O wait", "attente E/S"),
    ("steal", "volé"),
    ("memory used", "mémoire utilisée"),
    ("swap used", "échange utilisé"),
    ("memory", "mémoire"),
    ("read", "lu"),
    ("written", "écrit"),
    ("received", "reçu"),
    ("sent", "envoyé"),
    ("total", "total"),
    ("running", "actifs"),
    ("blocked", "bloqués"),
    ("other {}, together", "{} autres, ensemble"),
    ("other {}, highest", "{} autres, maximum"),
    ("% of the minute in which somebody waited", "% de la minute où quelqu'un attendait"),
    ("per second", "par seconde"),
    ("% of a core", "% d'un cœur"),
    ("Who used it", "Qui a consommé"),
    ("Process", "Processus"),
    ("Unit", "Unité"),
    ("User", "Utilisateur"),
    ("CPU time", "Temps processeur"),
    ("Memory, highest", "Mémoire, maximum"),
    ("Disk I/O", "E/S disque"),
    ("counted since {}", "compté depuis {}"),
    ("now: {}", "actuellement : {}"),
    ("Not explained by these: {}", "Non expliqué par ceux-ci : {}"),
    ("Services", "Services"),
    ("Service", "Service"),
    ("State", "État"),
    ("Restarts", "Redémarrages"),
    ("failed", "en échec"),
    ("not running", "arrêté"),
    ("all running", "tous actifs"),
    ("{} failed", "{} en échec"),
    ("restarting", "redémarre"),
    ("usual {}", "d'habitude {}"),
    ("full in {}", "plein dans {}"),
    ("{} free", "{} libres"),
    ("{} of {}", "{} sur {}"),
    ("Disk {}", "Disque {}"),
    ("Load per core", "Charge par cœur"),
    ("{} in all", "{} au total"),
    ("CPU pressure", "Pression processeur"),
    ("Memory pressure", "Pression mémoire"),
    ("I/O pressure", "Pression E/S"),
    ("of a minute waiting", "d'une minute à attendre"),
    ("zombie", "zombie"),
    ("zombies", "zombies"),
    ("{} % I/O wait", "{} % d'attente E/S"),
    ("recovered", "rétabli"),
    ("flapping", "instable"),
    ("settled", "stabilisé"),
    ("reminder", "rappel"),
    ("note", "note"),
    ("reboot", "redémarrage"),
    ("power loss", "coupure"),
    ("suspended", "suspendu"),
    ("clock", "horloge"),
    ("kernel", "noyau"),
    ("packages", "paquets"),
    ("gap", "lacune"),
    ("not stored", "non enregistré"),
    ("dropped", "supprimé"),
    ("File system", "Système de fichiers"),
    ("not told: {}", "non signalé : {}"),
    ("it lasted {}", "a duré {}"),
    ("still open after {}", "toujours en cours après {}"),
    ("{} comes and goes", "{} va et vient"),
    ("{}: well, and settled", "{} : rétabli et stable"),
    ("history since {}", "historique depuis le {}"),
    ("{} on disk", "{} sur disque"),
    ("a probe takes {} ms of CPU", "une mesure prend {} ms de processeur"),
    ("this page {} ms", "cette page {} ms"),
    ("times are in the zone {}", "heures du fuseau {}"),
    ("and {} more", "et {} de plus"),
    ("Left out to keep the page below 320 KB: {}", "Omis pour que la page reste sous 320 Ko : {}"),
    ("days of the year are UTC", "les jours de l'année sont en UTC"),
    (
        "Nobody is told of problems. Set to = [\"you@example.org\"] under [alert] in osmon.toml, then try osmon send-alert --test.",
        "Personne n'est prévenu des problèmes. Mettez to = [\"vous@example.org\"] sous [alert] dans osmon.toml, puis essayez osmon send-alert --test.",
    ),
    (
        "The first run of osmon fills this page. In a crontab: * * * * * osmon run",
        "La première exécution d'osmon remplit cette page. Dans une crontab : * * * * * osmon run",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_counts_and_keeps_its_places() {
        let french = Words::new(Language::French);
        assert_eq!(french.count(0, "problem", "problems"), "0 problème");
        assert_eq!(Words::new(Language::English).count(0, "problem", "problems"), "0 problems");
        assert_eq!(french.with("full in {}", &french.duration(367_200.0)), "plein dans 4 j 6 h");
        for (english, french) in FRENCH {
            assert_eq!(english.matches("{}").count(), french.matches("{}").count(), "{english}");
            assert_eq!(FRENCH.iter().filter(|(key, _)| key == english).count(), 1, "{english} stands there twice");
        }
    }
}
