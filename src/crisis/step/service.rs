//! Properties of a service that change how a rule applies: a job fails more mildly, a stopped service did not fail, and a
//! failure of long ago is no news.

use crate::base::clock::parse;
use crate::config::Rule;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::Alert;
use crate::model::incident::Lifecycle;
use crate::model::locale::key;
use crate::model::message::Message;
use crate::model::metric::{Metric, read_labels};
use crate::model::service::Service;
use crate::model::title::shipped;
use std::borrow::Cow;

/// The default rule for services.
const RULE: &str = "service";
/// First part of the names of metrics of services.
pub const SECTION: &str = "service.";
/// Label that names a service.
const LABEL: &str = "service";

/// The service that a value belongs to.
pub fn of<'a>(metric: &Metric, context: &'a EvalContext) -> Option<&'a Service> {
    let (_, name) =
        metric.labels.iter().find(|(label, _)| label == LABEL).filter(|_| metric.name.starts_with(SECTION))?;
    context.services.get(name)
}

/// The service that an alert is about.
pub fn of_alert<'a>(alert: &Alert, context: &'a EvalContext) -> Option<&'a Service> {
    if !alert.metric.starts_with(SECTION) {
        return None;
    }
    let (_, name) = read_labels(&alert.metric).1.into_iter().find(|(label, _)| label == LABEL)?;
    context.services.get(&name)
}

/// The rule as it applies to a service: what is critical of a service is a warning of a job. A rule that a person added is
/// taken at its word.
pub fn adapted<'a>(rule: &'a Rule, service: Option<&Service>) -> Cow<'a, Rule> {
    if rule.name == RULE && service.is_some_and(Service::is_job) {
        Cow::Owned(Rule { warning: rule.warning.or(rule.critical), critical: None, ..rule.clone() })
    } else {
        Cow::Borrowed(rule)
    }
}

/// Words the title after the state of the service, unless a person wrote it. While the service is well or being started, it
/// stays that of the problem.
pub fn set_title(alert: &mut Alert, title: String, service: Option<&Service>) {
    let service = service.filter(|_| alert.rule == RULE && shipped(RULE, &alert.metric, &title).is_some());
    match service {
        Some(service) if !service.failed && alert.is_open() => {}
        Some(service) if service.is_starting() && alert.lifecycle != Lifecycle::Ok => {}
        _ => {
            let of_state = |service: &Service| Some(Message::new(service.title()?).with(LABEL, &*service.service));
            alert.title_localized = service.and_then(of_state);
            alert.title = alert.title_localized.as_ref().map_or(title, Message::english);
        }
    }
}

/// Why nobody is notified of a failure that nobody was notified of: it happened long before osmon first looked.
pub fn long_ago(alert: &Alert, context: &EvalContext) -> Option<Message> {
    let service = of_alert(alert, context).filter(|_| alert.notified.is_none())?;
    let ago = (context.now.wall - parse(&service.failed_before)?).num_seconds();
    Some(Message::new(key::MUTED_LONG_AGO).with_duration("ago", ago as f64))
}
