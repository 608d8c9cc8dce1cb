#!/usr/bin/env node
void import("../dist/bin/circles-launcher.js");
