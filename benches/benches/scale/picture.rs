//! The picture of the table: the cost of a delivery and the memory of a session by the number of
//! sessions, both logarithmic.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::row::{Row, System};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Failure = Box<dyn std::error::Error>;

/// Writes the picture as SVG.
pub(crate) fn draw(file: &Path, rows: &[Row]) -> Result<(), Failure> {
    let all = SVGBackend::new(file, (960, 400)).into_drawing_area();
    all.fill(&WHITE)?;
    let (left, right) = all.split_horizontally(480);
    panel(&left, "CPU time of one more delivery, ns", rows, 10.0..100_000.0, Row::delivery_ns)?;
    panel(&right, "Peak memory of a session, bytes", rows, 100.0..100_000.0, Row::session_bytes)?;
    all.present()?;
    Ok(())
}

fn panel(
    area: &Area<'_>,
    title: &str,
    rows: &[Row],
    values: std::ops::Range<f64>,
    value: impl Fn(&Row) -> f64,
) -> Result<(), Failure> {
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(60)
        .build_cartesian_2d((80.0..1_500_000.0).log_scale(), values.log_scale())?;
    let number = |value: &f64| format!("{value:.0}");
    let mut mesh = chart.configure_mesh();
    mesh.x_desc("sessions").x_label_formatter(&number).y_label_formatter(&number);
    mesh.light_line_style(TRANSPARENT).draw()?;
    for system in System::ALL {
        let color = color(system);
        let of_system = rows.iter().filter(|row| row.system == system);
        let mut points: Vec<_> =
            of_system.map(|row| (f64::from(row.sessions), value(row))).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        // A size that was measured with two periods is drawn once, with the first of them.
        points.dedup_by_key(|point| point.0);
        let line = LineSeries::new(points, color.stroke_width(2)).point_size(3);
        let legend = move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color);
        chart.draw_series(line)?.label(system.to_string()).legend(legend);
    }
    let mut legend = chart.configure_series_labels();
    legend.position(SeriesLabelPosition::UpperRight).background_style(WHITE).draw()?;
    Ok(())
}

const fn color(system: System) -> RGBColor {
    match system {
        System::Fast => RGBColor(31, 119, 180),
        System::Tokio => RGBColor(44, 160, 44),
        System::Madsim => RGBColor(255, 127, 14),
        System::Turmoil => RGBColor(214, 39, 40),
    }
}
