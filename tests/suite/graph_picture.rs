//! Pictures of charts: what they are called, where their labels stand, what they leave out, light and dark.

use super::harness::Host;
use super::report::sample;
use std::fs;
use std::path::Path;

/// Width, height and pixels of a picture.
fn picture(path: &Path) -> (usize, usize, Vec<[u8; 3]>) {
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut bytes).unwrap();
    let pixels = bytes.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    (info.width as usize, info.height as usize, pixels)
}

/// Draws a picture with these arguments.
fn drawn(host: &Host, arguments: &[&str]) -> (usize, usize, Vec<[u8; 3]>) {
    let path = host.path("picture.png");
    let done = host.osmon(&[&["graph"], arguments, &["--out", path.to_str().unwrap()]].concat());
    assert_eq!(done.code, 0, "{arguments:?}: {}", done.err);
    picture(&path)
}

#[test]
fn a_family_draws_the_chart_of_the_page_and_says_what_it_leaves_out() {
    let host = sample();
    let done = host.osmon(&["graph", "network"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let chart = &done.out;
    assert!(chart.contains("<title>Network, per second</title>"), "{chart}");
    assert!(chart.contains(">eth0 received<") && chart.contains(">eth0 sent<"), "{chart}");
    for absent in ["speed", "packets", "errors", "dropped"] {
        assert!(!chart.contains(absent), "bytes share no axis with {absent}: {chart}");
    }
    for said in ["\"Network\" chart of the page", "network.speed_bits_per_second", "network.errors_per_second"] {
        assert!(done.err.contains(said), "no word of {said}: {}", done.err);
    }
    assert_eq!(done.err.lines().count(), 1, "{}", done.err);
    // Nothing is left out of a family whose chart shows all of it.
    let load = host.osmon(&["graph", "load"]);
    assert!(load.err.contains("load.one_per_core") && load.out.contains("<title>Load</title>"), "{}", load.err);
}

#[test]
fn bits_packets_and_errors_never_share_an_axis() {
    let host = sample();
    let done = host.osmon(&["graph", "network.*"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let names = ["speed_bits", "received_packets", "errors", "received_bytes"];
    let legend = done.out.split("class=\"k\"").skip(1).collect::<String>();
    let together: Vec<&&str> = names.iter().filter(|name| legend.contains(**name)).collect();
    assert_eq!(together, [&"received_bytes"], "what the page shows first");
    assert!(done.err.contains("a chart shows values of one kind, here bytes per second"), "{}", done.err);
    assert!(done.err.contains("network.errors_per_second"), "{}", done.err);
    // Of many lines it is said as well, also where standard error is no terminal.
    let many = host.osmon(&["graph", "cpu.*", "--range", "1h"]);
    assert!(many.err.contains("highest are drawn"), "{}", many.err);
}

#[test]
fn titles_and_ticks_have_units() {
    let mut host = sample();
    let svg = |host: &Host, metric: &str| host.osmon(&["graph", metric, "--range", "24h"]).ok().out;
    let cpu = svg(&host, "cpu.busy_percent");
    assert!(cpu.contains("<title>CPU busy, %</title>") && cpu.contains(">100\u{a0}%</text>"), "{cpu}");
    let network = svg(&host, "network.received_bytes_per_second");
    assert!(network.contains("<title>Network received, per second</title>"), "{network}");
    assert!(network.contains("iB/s</text>") && network.contains(">eth0<"), "{network}");
    assert!(network.contains(">network.received_bytes_per_second · web-01 · "), "the metric stands below the title");
    let speed = svg(&host, "network.speed_bits_per_second");
    assert!(speed.contains(">10 Gbit/s</text>") && !speed.contains("0000000"), "{speed}");
    host.config = "[report]\nlanguage = \"fr\"\n".to_string();
    let french = svg(&host, "cpu.user_percent");
    assert!(french.contains("<title>Processeur, utilisateur, %</title>"), "{french}");
}

#[test]
fn no_label_is_cut_off_however_long_it_is() {
    let host = sample();
    for metrics in [&["network.speed_bits_per_second"][..], &["load.one"], &["memory.available_bytes"], &["network"]] {
        let (width, height, pixels) = drawn(&host, &[metrics, &["--range", "7d"]].concat());
        let ground = pixels[0];
        for y in 0..height {
            for x in [0, 1, 2, width - 1] {
                assert_eq!(pixels[y * width + x], ground, "{metrics:?}: something touches the edge at {x}, {y}");
            }
        }
    }
}

#[test]
fn a_picture_is_light_or_dark() {
    let host = sample();
    let brightness = |pixel: &[u8; 3]| pixel.iter().map(|part| u32::from(*part)).sum::<u32>();
    let counted = |arguments: &[&str]| {
        let (_, _, pixels) = drawn(&host, arguments);
        let of = |is: &dyn Fn(u32) -> bool| pixels.iter().filter(|pixel| is(brightness(pixel))).count();
        (of(&|sum| sum > 600), of(&|sum| sum < 200), of(&|sum| (200..600).contains(&sum)))
    };
    let (bright, dark, _) = counted(&["cpu.busy_percent"]);
    assert!(bright > dark * 20, "{bright} {dark}");
    let (bright, dark, between) = counted(&["cpu.busy_percent", "--dark"]);
    assert!(dark > bright * 20 && bright > 100 && between > 1000, "{bright} {dark} {between}");
    let svg = host.osmon(&["graph", "cpu.busy_percent", "--dark"]).ok().out;
    assert!(!svg.contains("prefers-color-scheme"), "dark wherever it is shown");
    assert_eq!(host.osmon(&["graph", "--dark"]).code, 64, "the page chooses by itself");
}
