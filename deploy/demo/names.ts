/** What the demo makes on the engine, to find it again when it tidies up. */
export const label = "swarmnfs.demo";
export const volumes = ["blog_data", "blog_then", "wiki_pages", "web_counter"];
export const services = ["web", "thief"];
