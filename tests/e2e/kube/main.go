// One binary for the whole of a small Kubernetes: what it does depends on the
// name it is called by (argv[0]) or on its first argument.
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	_ "time/tzdata" // CronJob time zones

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	kcm "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

var tools = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": kcm.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
	"etcd":                    etcd,
}

// etcd: one member, no TLS, loopback only, for tests.
func etcd() *cobra.Command {
	var dir, client, peer string
	c := &cobra.Command{Use: "etcd", RunE: func(*cobra.Command, []string) error {
		cfg := embed.NewConfig()
		cfg.Dir, cfg.LogLevel = dir, "warn"
		cfg.UnsafeNoFsync = true
		cu, err := url.Parse(client)
		if err != nil {
			return err
		}
		pu, err := url.Parse(peer)
		if err != nil {
			return err
		}
		cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*cu}, []url.URL{*cu}
		cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{*pu}, []url.URL{*pu}
		cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
		e, err := embed.StartEtcd(cfg)
		if err != nil {
			return err
		}
		defer e.Close()
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
		select {
		case <-stop:
			return nil
		case err := <-e.Err():
			return err
		}
	}}
	c.Flags().StringVar(&dir, "data-dir", "etcd", "")
	c.Flags().StringVar(&client, "client", "http://127.0.0.1:2379", "")
	c.Flags().StringVar(&peer, "peer", "http://127.0.0.1:2380", "")
	return c
}

func main() {
	name := filepath.Base(os.Args[0])
	if _, ok := tools[name]; !ok && len(os.Args) > 1 {
		name, os.Args = os.Args[1], os.Args[1:]
	}
	tool, ok := tools[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "call it as (or with a first argument of) kube-apiserver, kube-controller-manager, kube-scheduler, kubelet or etcd")
		os.Exit(2)
	}
	os.Exit(cli.Run(tool()))
}
