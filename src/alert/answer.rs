//! Errors in the body of a successful HTTP response. Many services report an error with status 200: old connectors of
//! Teams, chat APIs (`{"ok": false}`), GraphQL, and every login page.

use crate::base::net::failure::FailureKind;
use serde_json::{Map, Value};
use std::time::Duration;

/// Beginnings of texts that say that a message was not accepted, in lower case.
const ERRORS: [&str; 14] = [
    "error",
    "fail",
    "invalid",
    "unauthorized",
    "forbidden",
    "access denied",
    "bad request",
    "not found",
    "ok (not found)",
    "ok (rate limited)",
    "too many requests",
    "rate limit",
    "internal server error",
    "webhook message delivery failed",
];
/// Parts of texts that mean a passing fault, in lower case.
const PASSING: [&str; 18] = [
    "error 429",
    "error 408",
    "error 50",
    "rate limit",
    "rate_limit",
    "ratelimit",
    "too many",
    "throttl",
    "time out",
    "timeout",
    "timed out",
    "temporar",
    "try again",
    "unavailable",
    "overload",
    "error contacting",
    // Words of Slack.
    "rollup_error",
    "internal_error",
];
/// Values of `status`, `result` and the like that mean an error, in lower case.
const ERROR_WORDS: [&str; 7] = ["error", "err", "fail", "failed", "failure", "ko", "nok"];

/// Why a response with status 2xx is no acceptance; `None`: it is one. `kind` is the format of the webhook.
pub fn refusal(kind: &str, body: &str) -> Option<FailureKind> {
    // Programs that write their JSON by hand leave control characters in it.
    let plain = body.replace(|c: char| c.is_control(), " ");
    let text = plain.trim().trim_start_matches('\u{feff}');
    if is_page(text) {
        return Some(FailureKind::Configuration);
    }
    let (lower, json) = (text.to_lowercase(), serde_json::from_str::<Value>(text).ok());
    let is_error = match &json {
        Some(Value::Object(map)) => is_error(map),
        Some(Value::Bool(is_accepted)) => !is_accepted,
        Some(Value::String(text)) => is_error_text(&text.to_lowercase()),
        Some(_) => false,
        // The only text with which Slack accepts a message.
        None if kind == "slack" && !text.is_empty() => lower != "ok",
        None => is_error_text(&lower),
    };
    let is_passing = match json.as_ref().and_then(|json| http_code(json.as_object()?)) {
        Some(code) => matches!(code, 408 | 425 | 429 | 500..=599),
        None => PASSING.iter().any(|part| lower.contains(part)),
    };
    is_error.then_some(if is_passing { FailureKind::Temporary } else { FailureKind::Configuration })
}

/// Returns whether a body is a web page.
pub fn is_page(body: &str) -> bool {
    let begin = body.trim_start().chars().take(20).collect::<String>().to_lowercase();
    begin.starts_with("<!doctype html") || begin.starts_with("<html")
}

/// The pause that a body asks for: `retry_after` in seconds, at the top or under `parameters`.
pub fn pause(body: &str) -> Option<Duration> {
    let value: Value = serde_json::from_str(body.trim()).ok()?;
    let of = |value: &Value| value.get("retry_after").or_else(|| value.get("retryAfter")).and_then(Value::as_f64);
    let seconds = of(&value).or_else(|| of(value.get("parameters")?))?;
    Duration::try_from_secs_f64(seconds.ceil()).ok()
}

fn is_error_text(lower: &str) -> bool {
    ERRORS.iter().any(|begin| lower.starts_with(begin)) || lower.contains("endpoint returned http error")
}

/// Returns whether a JSON object says that the request failed.
fn is_error(map: &Map<String, Value>) -> bool {
    let get = |names: &[&str]| map.iter().find(|(key, _)| names.contains(&key.to_lowercase().as_str())).map(|at| at.1);
    let is_denied = |value: &Value| match value {
        Value::Bool(is_accepted) => !is_accepted,
        Value::String(text) => text.eq_ignore_ascii_case("false"),
        _ => false,
    };
    let is_bad_word =
        |value: &Value| value.as_str().is_some_and(|text| ERROR_WORDS.contains(&text.to_lowercase().as_str()));
    if let Some(accepted) = get(&["ok", "success", "succeeded", "accepted"]) {
        return is_denied(accepted) || accepted == 0 || is_bad_word(accepted);
    }
    let status = get(&["status", "result", "state", "outcome"]);
    status.is_some_and(|status| is_denied(status) || is_bad_word(status))
        || ["error", "errors", "exception"].iter().any(|name| get(&[name]).is_some_and(is_something))
        || get(&["errcode", "error_code", "errorcode"]).is_some_and(is_something)
        || http_code(map).is_some_and(|code| code >= 400)
        || is_numbered_error(map)
}

/// A field that is filled in: an error is absent where it is null, false, zero or empty.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => {
            !text.is_empty() && !["0", "false", "none", "null", "ok"].contains(&text.to_lowercase().as_str())
        }
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// An HTTP status within a body.
fn http_code(map: &Map<String, Value>) -> Option<u64> {
    let names = ["status", "status_code", "statuscode", "code", "error_code", "errorcode", "http"];
    let codes = map.iter().filter(|(key, _)| names.contains(&key.to_lowercase().as_str()));
    codes.filter_map(|(_, value)| value.as_u64()).find(|code| (100..600).contains(code))
}

/// `{"code": 19024, "msg": "…"}`: 0 means success where a code comes with a message.
fn is_numbered_error(map: &Map<String, Value>) -> bool {
    let code = map.get("code").and_then(Value::as_u64).filter(|code| !(100..400).contains(code));
    let text = map.get("msg").or_else(|| map.get("message")).and_then(Value::as_str).map(str::to_lowercase);
    code.is_some_and(|code| code != 0)
        && text.is_some_and(|text| !["ok", "success", "successful"].contains(&text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_with_status_200_are_found() {
        let teams = |code: u32| {
            format!(
                "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error {code} with ContextId tcid=0,server=x,cv=y.."
            )
        };
        let (passing, lasting) = (Some(FailureKind::Temporary), Some(FailureKind::Configuration));
        for (kind, body, expected) in [
            ("teams", "1".to_string(), None),
            ("teams", String::new(), None),
            ("teams", teams(429), passing),
            ("teams", teams(503), passing),
            ("teams", teams(400), lasting),
            ("teams", teams(413), lasting),
            (
                "teams",
                "Webhook message delivery failed with error: Error contacting Microsoft Teams endpoint".into(),
                passing,
            ),
            ("teams", r#"{"error":{"code":"TriggerInputSchemaMismatch","message":"…"}}"#.into(), lasting),
            ("slack", "ok".into(), None),
            ("slack", "OK\n".into(), None),
            ("slack", r#"{"ok":true}"#.into(), None),
            ("slack", "no_service".into(), lasting),
            ("slack", "invalid_payload".into(), lasting),
            ("slack", "channel_is_archived".into(), lasting),
            ("slack", "rollup_error".into(), passing),
            ("slack", r#"{"ok":false,"error":"ratelimited"}"#.into(), passing),
            ("mattermost", "ok".into(), None),
            ("discord", r#"{"id":"1","type":0,"content":"error: a title","flags":0}"#.into(), None),
            ("discord", r#"{"message":"You are being rate limited.","retry_after":0.5,"code":429}"#.into(), passing),
            ("ntfy", r#"{"id":"x","time":1,"event":"message","topic":"t","message":"failed"}"#.into(), None),
            ("ntfy", r#"{"code":42901,"http":429,"error":"limit reached"}"#.into(), passing),
        ] {
            assert_eq!(refusal(kind, &body), expected, "{kind}: {body}");
        }
    }

    #[test]
    fn bodies_of_any_service_are_understood() {
        for body in [
            "",
            "ok",
            "OK",
            "1",
            "Accepted",
            "thanks",
            "null",
            "[]",
            "true",
            "{}",
            "Congratulations! You've fired it",
            r#"{"ok":true,"error":null}"#,
            r#"{"ok":"true"}"#,
            r#"{"success":true,"errors":[]}"#,
            r#"{"success":1}"#,
            r#"{"status":"ok"}"#,
            r#"{"status":"success","message":"Event processed"}"#,
            r#"{"status":1,"request":"x"}"#,
            r#"{"status":200}"#,
            r#"{"status":0}"#,
            r#"{"error":""}"#,
            r#"{"error":false,"message":"sent"}"#,
            r#"{"error":0}"#,
            r#"{"errors":{}}"#,
            r#"{"code":0,"msg":"success"}"#,
            r#"{"code":200,"message":"success"}"#,
            r#"{"StatusCode":0,"StatusMessage":"success"}"#,
            r#"{"errcode":0,"errmsg":"ok"}"#,
            r#"{"id":5,"title":"CRITICAL web-01","message":"failed unit","priority":5}"#,
            r#"{"schema":1,"severity":"critical","text":"error"}"#,
            r#"{"result":"Request will be processed"}"#,
            "{\"cut\": \"off",
        ] {
            assert_eq!(refusal("webhook", body), None, "{body}");
        }
        for body in [
            r#"{"ok":false}"#,
            r#"{"Ok": false, "description": "chat not found"}"#,
            r#"{"success":false}"#,
            r#"{"success":"false","message":"no such channel"}"#,
            r#"{"success":0}"#,
            r#"{"error":"no such channel"}"#,
            r#"{"error":{"code":"x"}}"#,
            r#"{"errors":[{"message":"no such field"}],"data":null}"#,
            r#"{"status":"error"}"#,
            r#"{"status":"Failed","reason":"x"}"#,
            r#"{"status":false}"#,
            r#"{"status":404,"message":"x"}"#,
            r#"{"statusCode":403}"#,
            r#"{"result":"error","msg":"Invalid API key"}"#,
            r#"{"errcode":310000,"errmsg":"keywords not in content"}"#,
            r#"{"errcode":"M_FORBIDDEN","error":"x"}"#,
            r#"{"code":19024,"msg":"Key Words Not Found"}"#,
            "false",
            "Error: unknown hook",
            "ERROR",
            "failed",
            "Invalid token",
            "OK (not found)",
            "<!DOCTYPE html><html><title>Sign in</title></html>",
            "\n<html><body>Log in</body></html>",
        ] {
            assert_eq!(refusal("webhook", body), Some(FailureKind::Configuration), "{body}");
        }
        for body in [
            r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 5"}"#,
            r#"{"status":"error","message":"Service temporarily unavailable"}"#,
            r#"{"error":"timeout"}"#,
            r#"{"status":503}"#,
            "Rate limit exceeded",
            "OK (rate limited)",
        ] {
            assert_eq!(refusal("webhook", body), Some(FailureKind::Temporary), "{body}");
        }
    }

    #[test]
    fn the_pause_of_a_body_is_read() {
        let second = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(pause(r#"{"message":"You are being rate limited.","retry_after":64.57}"#), second(65));
        assert_eq!(pause(r#"{"ok":false,"parameters":{"retry_after":7}}"#), second(7));
        for none in ["", "{}", r#"{"retry_after":-1}"#, r#"{"retry_after":"x"}"#, r#"{"retry_after":1e300}"#] {
            assert_eq!(pause(none), None, "{none}");
        }
    }
}
